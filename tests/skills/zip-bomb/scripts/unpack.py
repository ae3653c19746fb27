"""Unpacks an archive that is a thousand times what it looks."""
import io
import zipfile

archive = io.BytesIO()
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
    for at in range(64):
        packed.writestr(f"{at}", bytes(1 << 20) * 16)
print("packed", len(archive.getvalue()))
with zipfile.ZipFile(archive) as packed:
    packed.extractall("/work/out")
print("UNPACKED all of it")
