"""Lists a layer as Python reads it: type, mode, owner, sum and path of each entry."""

import gzip
import hashlib
import sys
import tarfile

with gzip.open(sys.argv[1]) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
    for entry in archive:
        content = archive.extractfile(entry).read() if entry.isfile() else b""
        kind = "folder" if entry.isdir() else "file"
        digest = hashlib.sha256(content).hexdigest()
        print(kind, f"{entry.mode:o}", f"{entry.uid}:{entry.gid}", digest, entry.name.rstrip("/"))
