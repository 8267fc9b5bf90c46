"""A program that follows the hands of a running app (``hands3c-live --live ws``).

python examples/live_receiver.py ws://127.0.0.1:8765/
"""

import json
import sys

from websockets.sync.client import connect

#: A thumb and an index finger that are nearer than this pinch, metres.
PINCH_M = 0.03


def main(address: str = "ws://127.0.0.1:8765/", most_frames: int = 0) -> None:
    with connect(address) as live:
        hello = json.loads(live.recv())
        thumb, index = (hello["joint_names"].index(name) for name in ("thumb4", "index4"))
        seen = 0
        for message in map(json.loads, live):
            if message["type"] != "frame":
                continue  # a kind that came later than this program
            for hand in message["hands"]:
                a, b = hand["joints_3d"][thumb], hand["joints_3d"][index]
                apart = sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5
                side = "right" if hand["is_right"] else "left"
                print(f"{side} {'pinches' if apart < PINCH_M else 'open'} ({1e3 * apart:.0f} mm)")
            seen += 1
            if seen == most_frames:
                return


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:]))
