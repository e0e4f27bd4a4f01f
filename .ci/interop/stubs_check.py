"""Drives a simulated device with stubs that grpcio-tools makes of our own proto files:
field numbers and bytes, as Google's implementation of protobuf sees them.

Usage: stubs_check.py STATE-DIR DEVICE PROJECT STUBS-DIR
"""

import json
import pathlib
import re
import sys

import grpc
from grpc_tools import protoc

from peer import Checks, Peer, same


def make_stubs(project, stubs):
    pathlib.Path(stubs).mkdir(parents=True, exist_ok=True)
    proto = f"{project}/proto"
    # the files name each other by their path below the project or below proto/
    code = protoc.main(
        [
            "protoc",
            f"-I{proto}",
            f"-I{pathlib.Path(protoc.__file__).parent}/_proto",
            f"--python_out={stubs}",
            f"--grpc_python_out={stubs}",
            "gnmi.proto",
            "gnmi_ext.proto",
        ]
    )
    same(code, 0)
    sys.path.insert(0, stubs)


def golden(project):
    """The bytes that the Rust side is tested with."""
    source = pathlib.Path(project, "src/gnmi/proto.rs").read_text()
    text = re.search(r'GOLDEN: &str = "(.*?)"', source, re.S).group(1)
    return bytes.fromhex(re.sub(r"\\\s+", "", text))


def main():
    peer, project = Peer(sys.argv[1], sys.argv[2]), sys.argv[3]
    make_stubs(project, sys.argv[4])
    import gnmi_ext_pb2
    import gnmi_pb2
    import gnmi_pb2_grpc

    checks = Checks()
    trust = grpc.ssl_channel_credentials(pathlib.Path(peer.authority).read_bytes())
    host, port = peer.address
    stub = gnmi_pb2_grpc.gNMIStub(grpc.secure_channel(f"{host}:{port}", trust))

    def path(*steps, origin="openconfig"):
        elem = [gnmi_pb2.PathElem(name=name, key=keys) for name, keys in steps]
        return gnmi_pb2.Path(origin=origin, elem=elem)

    def interface(name, *leaf):
        return path(("interfaces", {}), ("interface", {"name": name}), *((step, {}) for step in leaf))

    def ietf(value):
        return gnmi_pb2.TypedValue(json_ietf_val=json.dumps(value).encode())

    def get(where, kind="CONFIG"):
        request = gnmi_pb2.GetRequest(path=[where], type=kind, encoding="JSON_IETF")
        answer = stub.Get(request, metadata=peer.metadata)
        return [
            (update.path, json.loads(update.val.json_ietf_val))
            for notification in answer.notification
            for update in notification.update
        ]

    def send(**operations):
        return stub.Set(gnmi_pb2.SetRequest(**operations), metadata=peer.metadata)

    def refusal(call):
        try:
            call()
        except grpc.RpcError as error:
            return error.code().name
        return "OK"

    annotated = '{"@":{"openconfig-metadata:protobuf-metadata":"CgtleGFtcGxl"}}'
    commit = gnmi_ext_pb2.Commit(id="deploy-3f2c9e1-leaf1", commit=gnmi_ext_pb2.CommitRequest())
    commit.commit.rollback_duration.seconds = 300
    request = gnmi_pb2.SetRequest(
        update=[
            gnmi_pb2.Update(
                path=gnmi_pb2.Path(), val=gnmi_pb2.TypedValue(json_ietf_val=annotated.encode())
            )
        ],
        extension=[gnmi_ext_pb2.Extension(commit=commit)],
    )

    def bytes_both_ways():
        same(request.SerializeToString(deterministic=True), golden(project))
        same(gnmi_pb2.SetRequest.FromString(golden(project)), request)

    def annotation():
        stub.Set(request, metadata=peer.metadata)  # the extension is passed over, as EOS does
        (_, root), = get(gnmi_pb2.Path())
        same(root["@"], {"openconfig-metadata:protobuf-metadata": "CgtleGFtcGxl"})

    def keys():
        for name in ("x]y", "a=b", "Ethernet5/1", "back\\slash", "two\nlines", "a:b c"):
            config = {"name": name, "type": "iana-if-type:ethernetCsmacd"}
            send(update=[gnmi_pb2.Update(path=interface(name, "config"), val=ietf(config))])
            (where, seen), = get(interface(name, "config", "name"))
            same(seen, name)
            same(where.elem[1].key["name"], name)
            send(delete=[interface(name)])
            same(refusal(lambda: get(interface(name))), "NOT_FOUND")

    def identity_keys():
        default = ("network-instance", {"name": "default"})
        for spelled in ("BGP", "openconfig-policy-types:BGP"):
            protocol = ("protocol", {"identifier": spelled, "name": "BGP"})
            where = path(("network-instances", {}), default, ("protocols", {}), protocol)
            asn = gnmi_pb2.Path(origin="openconfig", elem=list(where.elem))
            for step in ("bgp", "global", "config"):
                asn.elem.add(name=step)
            send(update=[gnmi_pb2.Update(path=asn, val=ietf({"as": 65001}))])
            (seen, _), = get(asn)
            same(seen.elem[3].key["identifier"], "BGP")
            send(delete=[where])

    def scalars():
        where = interface("Ethernet1", "config", "mtu")
        send(update=[gnmi_pb2.Update(path=where, val=gnmi_pb2.TypedValue(uint_val=1500))])
        same(get(where)[0][1], 1500)
        send(delete=[where])

    def echoes():
        prefix = gnmi_pb2.Path(target="leaf1", elem=[gnmi_pb2.PathElem(name="interfaces")])
        below = gnmi_pb2.Path(elem=[gnmi_pb2.PathElem(name="interface", key={"name": "Ethernet1"})])
        request = gnmi_pb2.GetRequest(prefix=prefix, path=[below], encoding="JSON_IETF")
        answer = stub.Get(request, metadata=peer.metadata)
        same(answer.notification[0].prefix.target, "leaf1")
        same(answer.notification[0].update[0].path.elem[0].name, "interfaces")

    def refusals():
        anything = gnmi_pb2.Update(path=interface("Ethernet1"), val=ietf({}))
        line = gnmi_pb2.Update(
            path=gnmi_pb2.Path(origin="cli"), val=gnmi_pb2.TypedValue(ascii_val="hostname x")
        )
        for what, operations, code in [
            ("union_replace", {"union_replace": [anything]}, "UNIMPLEMENTED"),
            ("union_replace with others", {"union_replace": [anything], "delete": [interface("x")]}, "INVALID_ARGUMENT"),
            ("an empty entry", {"replace": [anything]}, "INVALID_ARGUMENT"),
            ("command lines", {"update": [line]}, "UNIMPLEMENTED"),
            ("an unknown path", {"delete": [path(("nowhere", {}))]}, "NOT_FOUND"),
            ("nothing", {}, "OK"),
        ]:
            seen = refusal(lambda: send(**operations))
            if seen != code:
                raise AssertionError(f"{what}: {seen} is not {code}")

    def no_login():
        same(refusal(lambda: stub.Capabilities(gnmi_pb2.CapabilityRequest())), "UNAUTHENTICATED")

    checks.check("the same bytes, written and read by both", bytes_both_ways)
    checks.check("an annotation at the root, beside an extension", annotation)
    checks.check("keys that hold ] = / \\ and more", keys)
    checks.check("identities in keys, bare and with their module", identity_keys)
    checks.check("scalar members of a value", scalars)
    checks.check("prefix and target", echoes)
    checks.check("refusals and their codes", refusals)
    checks.check("a call without login is refused", no_login)
    checks.finish()


if __name__ == "__main__":
    main()
