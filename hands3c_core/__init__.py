"""HandS3C: 3D hand meshes from images. No Qt and no window: usable as a library.

``HandMeshPipeline`` turns an image into a ``FrameResult``; see ``docs/architecture.md``.
"""

__version__ = "0.1.0"
