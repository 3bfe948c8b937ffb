/** In each snapshot, for whoever has to do without Hikae. */
export const README = `Container images, as Hikae saves them.

images/ID/config.json    the image's configuration; its SHA-256 is the id
images/ID/manifest.json  its names, and the digests of its layers, the lowest first
layers/DIGEST/content    what the files of a layer contain, one after the other
layers/DIGEST/headers    the rest of the layer's tar archive, in frames: 4 bytes with a length N (big-endian), N bytes of the
                         archive, 8 bytes with a length M; M bytes of "content" follow in the archive

Put together again, with Python 3 and without Hikae:

    python3 docker-archive.py . | docker load
`

/** Writes an archive that `docker load` takes. */
export const ARCHIVE_PROGRAM = `#!/usr/bin/env python3
"""Writes the images in a restored folder as an archive for "docker load": docker-archive.py FOLDER > images.tar"""
import hashlib, io, json, os, struct, sys, tarfile


def frames(layer):
    with open(os.path.join(layer, "headers"), "rb") as headers:
        while length := headers.read(4):
            between = headers.read(struct.unpack(">I", length)[0])
            yield between, struct.unpack(">Q", headers.read(8))[0]


class Layer(io.RawIOBase):
    def __init__(self, path):
        self.pieces = self.read_pieces(path)
        self.rest = b""
        self.hash = hashlib.sha256()

    def read_pieces(self, path):
        with open(os.path.join(path, "content"), "rb") as content:
            for between, length in frames(path):
                yield between
                while length > 0:
                    piece = content.read(min(length, 1 << 20))
                    if not piece:
                        raise EOFError(path + " is cut off")
                    length -= len(piece)
                    yield piece

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self.rest:
            self.rest = next(self.pieces, None)
            if self.rest is None:
                self.rest = b""
                return 0
        piece, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(piece)] = piece
        self.hash.update(piece)
        return len(piece)


def add(archive, name, size, content):
    member = tarfile.TarInfo(name)
    member.size = size
    archive.addfile(member, content)


def main(folder):
    archive = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
    for digest in sorted(os.listdir(os.path.join(folder, "layers"))):
        path = os.path.join(folder, "layers", digest)
        layer = Layer(path)
        size = sum(len(between) + length for between, length in frames(path))
        add(archive, digest + "/layer.tar", size, io.BufferedReader(layer, 1 << 20))
        if layer.hash.hexdigest() != digest:
            sys.exit("the layer " + digest + " is damaged")
    listed = []
    for image in sorted(os.listdir(os.path.join(folder, "images"))):
        with open(os.path.join(folder, "images", image, "manifest.json")) as file:
            manifest = json.load(file)
        with open(os.path.join(folder, "images", image, "config.json"), "rb") as file:
            config = file.read()
        add(archive, image + ".json", len(config), io.BytesIO(config))
        layers = [digest.replace("sha256:", "") + "/layer.tar" for digest in manifest["layers"]]
        listed.append({"Config": image + ".json", "RepoTags": manifest["tags"], "Layers": layers})
    listing = json.dumps(listed).encode()
    add(archive, "manifest.json", len(listing), io.BytesIO(listing))
    archive.close()


main(sys.argv[1])
`
