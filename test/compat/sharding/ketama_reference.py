"""An independent ketama, from libmemcached's description: checks the vectors of ketama.

    python3 ketama_reference.py vectors/ketama-*.json

Single precision is had from struct, MD5 from hashlib. Prints the number of keys checked; fails on the first that differs.
"""
import bisect, hashlib, json, struct, sys


def f32(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def label(name):
    if name.startswith("/"):
        return name + ":0"
    if name.startswith("["):
        host, _, port = name[1:].partition("]")
        port = port.lstrip(":") or "11211"
    else:
        host, _, port = name.partition(":")
        port = port or "11211"
    return host if port == "11211" else f"{host}:{port}"


def continuum(nodes):
    total = sum(node["weight"] for node in nodes)
    points = []
    for node in nodes:
        share = f32(f32(node["weight"]) / f32(total))
        digests = int(f32(f32(f32(f32(share * 160) / 4) * f32(len(nodes))) + 0.0000000001))
        for index in range(digests):
            digest = hashlib.md5(f"{label(node['name'])}-{index}".encode()).digest()
            points += [(word, node["name"]) for word in struct.unpack("<4I", digest)]
    return sorted(points)


def tag(key):
    start = key.find("{")
    end = key.find("}", start + 1)
    return key[start + 1 : end] if start >= 0 and end > start + 1 else key


count = 0
for file in sys.argv[1:]:
    vectors = json.load(open(file, encoding="utf-8"))
    points = continuum(vectors["nodes"])
    places = [place for place, _ in points]
    for key, node in vectors["mapping"]:
        # A lone surrogate has no UTF-8; JavaScript writes U+FFFD for it.
        text = tag(key).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
        (place,) = struct.unpack("<I", hashlib.md5(text).digest()[:4])
        index = bisect.bisect_left(places, place) % len(points)
        assert points[index][1] == node, (file, key, points[index][1], node)
        count += 1
print(count)
