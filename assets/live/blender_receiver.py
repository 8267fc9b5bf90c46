"""Hands live in Blender: switch OSC on in HandS3C Live (port 9000), open this in Blender's text
editor and press Run. It makes an empty for every joint and moves it."""

import contextlib
import socket
import struct


def messages(packet):
    """(address, numbers) of every message in an OSC packet."""
    if packet.startswith(b"#bundle\0"):
        packet = packet[16:]
        while packet:
            size = 4 + int.from_bytes(packet[:4], "big")
            yield from messages(packet[4:size])
            packet = packet[size:]
        return
    address = packet.split(b"\0", 1)[0].decode()
    packet = packet[len(address) // 4 * 4 + 4 :]  # texts are padded to fours
    tags = packet.split(b"\0", 1)[0].decode()  # ",fff"
    yield address, struct.unpack_from(f">{tags[1:]}", packet, len(tags) // 4 * 4 + 4)


def receive(port=9000):
    import bpy

    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", port))
    listener.setblocking(False)

    def empty(name):
        if name not in bpy.data.objects:
            bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, None))
            bpy.data.objects[name].empty_display_size = 0.008
        return bpy.data.objects[name]

    def poll():
        with contextlib.suppress(BlockingIOError):
            while packet := listener.recv(65536):
                for address, numbers in messages(packet):
                    side, *kind = address.split("/")[2:]  # /hands3c/right/joint/index4
                    if kind[:1] == ["joint"]:
                        x, y, z = numbers  # camera frame (y down, z forward) -> Blender's z up
                        empty(f"{side}_{kind[1]}").location = (x, z, -y)
        return 0.01  # seconds until the next look

    bpy.app.timers.register(poll)


if __name__ == "__main__":
    receive()
