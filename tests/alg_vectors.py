#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Official test vectors as C strings. usage: FOLDER OUTPUT

FOLDER holds python3-cryptography-vectors (NIST CAVP, RFCs) and
golang-github-c2sp-wycheproof-dev (Wycheproof), as scripts/setup unpacks them; what
OpenSSL says of bytes of our own is added where there is an openssl. Without a folder
the list is empty, and the test says why it is skipped.

A line: kind, algorithm, key, IV, associated data, text, result, length of the tag,
whether it is right, source. Hexadecimal, "-" for nothing.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

PER_FILE_MAX = 60
LONG_MAX = 8
NIST = "usr/lib/python3/dist-packages/cryptography_vectors"
WYCHEPROOF = "usr/share/gocode/src/github.com/c2sp/wycheproof/testvectors_v1"


def line(kind, name, source, key="", iv="", assoc="", text="", result="", tag=0, good=True):
    fields = [key, iv, assoc, text, result]
    return " ".join([kind, name, *(field or "-" for field in fields), str(tag),
                     "good" if good else "bad", source])


def records(path):
    """The vectors of a .rsp file: dictionaries, with the section that holds."""
    section, record = {}, {}
    for text in [*path.read_text().splitlines(), ""]:
        if text.startswith("#"):
            continue
        text = text.strip()
        match = re.fullmatch(r"\[?\s*(\w+)\s*(?:=\s*([^\]]*))?\]?", text)
        if not text or text.startswith("["):
            if record:
                yield {**section, **record}
                record = {}
            if text.startswith("["):
                name = text.strip("[]")
                if "=" in name:
                    key, value = (part.strip() for part in name.split("=", 1))
                    section[key.lower()] = value
                else:
                    section["section"] = name
            continue
        if match:
            record[match.group(1).lower()] = (match.group(2) or "").strip()


def hashes(top):
    families = {"SHA1": {"SHA1": "sha1"}, "MD5": {},
                "SHA2": {f"SHA{n}": f"sha{n}" for n in (224, 256, 384, 512)},
                "SHA3": {f"SHA3_{n}": f"sha3-{n}" for n in (224, 256, 384, 512)}}
    for folder, names in families.items():
        for stem, name in names.items():
            for which in ("ShortMsg", "LongMsg"):
                path = top / "hashes" / folder / f"{stem}{which}.rsp"
                if not path.is_file():
                    continue
                vectors = [one for one in records(path) if "msg" in one]
                wanted = LONG_MAX if which == "LongMsg" else PER_FILE_MAX
                step = max(1, len(vectors) // wanted)
                for one in vectors[::step]:
                    length = int(one["len"]) // 8
                    yield line("hash", name, path.name, text=one["msg"][:2 * length],
                               result=one["md"])


def macs(top):
    for path in sorted((top / "HMAC").glob("rfc-*.txt")):
        name = f"hmac({path.stem.split('-')[-1]})"
        if "ripemd" in name:
            continue
        for one in records(path):
            if "md" in one:
                yield line("hash", name, path.name, key=one["key"], text=one["msg"],
                           result=one["md"])


def ciphers(top):
    modes = {"CBC": "cbc(aes)", "ECB": "ecb(aes)", "OFB": "ofb(aes)", "CFB": "cfb(aes)"}
    for folder, name in modes.items():
        for path in sorted((top / "ciphers/AES" / folder).glob("*.rsp")):
            if "MCT" in path.name or (folder == "CFB" and "CFB128" not in path.name):
                continue
            vectors = [one for one in records(path) if "plaintext" in one]
            step = max(1, len(vectors) // PER_FILE_MAX)
            for one in vectors[::step]:
                yield line("cipher", name, path.name, key=one["key"], iv=one.get("iv", ""),
                           text=one["plaintext"], result=one["ciphertext"])
    for path in sorted((top / "ciphers/AES/XTS/tweak-128hexstr").glob("*.rsp")):
        vectors = [one for one in records(path) if "pt" in one
                   and int(one["dataunitlen"]) % 8 == 0]
        for one in vectors[::max(1, len(vectors) // PER_FILE_MAX)]:
            yield line("cipher", "xts(aes)", path.name, key=one["key"], iv=one["i"],
                       text=one["pt"], result=one["ct"])


def gcm(top):
    for path in sorted((top / "ciphers/AES/GCM").glob("*.rsp")):
        vectors = [one for one in records(path) if "tag" in one and len(one["iv"]) == 24
                   and int(one["taglen"]) >= 96]
        for one in vectors[::max(1, len(vectors) // (4 * PER_FILE_MAX))]:
            good = "fail" not in one and "pt" in one
            yield line("aead", "gcm(aes)", path.name, one["key"], one["iv"], one["aad"],
                       one.get("pt", "") if good else "", one["ct"] + one["tag"],
                       len(one["tag"]) // 2, good)


def ccm_iv(nonce):
    """What the kernel wants: the length of the length, the nonce, zeros."""
    width = 15 - len(nonce) // 2
    return f"{width - 1:02x}{nonce}{'00' * width}"


def wycheproof(folder):
    files = {"aes_gcm": "gcm(aes)", "aes_ccm": "ccm(aes)",
             "chacha20_poly1305": "rfc7539(chacha20,poly1305)"}
    for stem, name in files.items():
        for group in json.loads((folder / f"{stem}_test.json").read_text())["testGroups"]:
            for one in group["tests"]:
                iv, tag = one["iv"], len(one["tag"]) // 2
                if "ccm" in name:
                    if not 7 <= len(iv) // 2 <= 13:
                        continue
                    iv = ccm_iv(iv)
                elif len(iv) != 24:
                    continue
                yield line("aead", name, f"wycheproof-{one['tcId']}", one["key"], iv,
                           one["aad"], one["msg"], one["ct"] + one["tag"], tag,
                           one["result"] != "invalid")
    for stem, name in {"aes_cmac": "cmac(aes)", "hmac_sha1": "hmac(sha1)",
                       "hmac_sha256": "hmac(sha256)", "hmac_sha512": "hmac(sha512)",
                       "hmac_sha3_256": "hmac(sha3-256)"}.items():
        for group in json.loads((folder / f"{stem}_test.json").read_text())["testGroups"]:
            for one in group["tests"]:
                yield line("hash", name, f"wycheproof-{one['tcId']}", key=one["key"],
                           text=one["msg"], result=one["tag"],
                           good=one["result"] != "invalid")


def openssl():
    """The same bytes through another implementation."""
    if not shutil.which("openssl"):
        return
    key, iv = "000102030405060708090a0b0c0d0e0f", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
    for length in (16, 48, 4096, 70000 // 16 * 16):
        data = bytes(index * 167 >> 3 & 255 for index in range(length))

        def run(*words, data=data):
            return subprocess.run(["openssl", *words], input=data, check=True,
                                  stdout=subprocess.PIPE).stdout.hex()

        for name in ("sha256", "sha512", "sha3-256"):
            yield line("hash", name, f"openssl-{length}", text=data.hex(),
                       result=run("dgst", "-binary", f"-{name}"))
        for mode in ("cbc", "ctr", "ecb"):
            words = [] if mode == "ecb" else ["-iv", iv]
            yield line("cipher", f"{mode}(aes)", f"openssl-{length}", key=key,
                       iv=iv if words else "", text=data.hex(),
                       result=run("enc", f"-aes-128-{mode}", "-nopad", "-K", key, *words))


def main(folder, output):
    top, nist, wyche = Path(folder), Path(folder, NIST), Path(folder, WYCHEPROOF)
    lines = []
    if folder and nist.is_dir() and wyche.is_dir():
        lines = [*hashes(nist), *macs(nist), *ciphers(nist), *gcm(nist), *wycheproof(wyche),
                 *openssl()]
    text = "".join(f'\t"{one}",\n' for one in lines)
    Path(output).write_text(f"/* Made by tests/alg_vectors.py out of {top.name}. */\n"
                            "static const char *const vectors[] = {\n" + text + "\tNULL,\n};\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
