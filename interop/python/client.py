"""Calls the server of this folder with gRPC's own Python library.

    client.py <path of interop-server>

What the service looks like it learns from the server's reflection: it reads no .proto file.
"""

import signal
import subprocess
import sys
import time
from queue import Queue

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.empty_pb2 import Empty
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status

SERVICE = "interop.Interop"
# Longer than anything that works takes.
LIMIT = 30

CASES = []


def case(function):
    CASES.append(function)
    return function


class Interop:
    """A stub made of what reflection tells."""

    def __init__(self, channel, pool):
        service = pool.FindServiceByName(SERVICE)
        for method in service.methods:
            kind = {
                (False, False): channel.unary_unary,
                (False, True): channel.unary_stream,
                (True, False): channel.stream_unary,
                (True, True): channel.stream_stream,
            }[method.client_streaming, method.server_streaming]
            reply = GetMessageClass(method.output_type)
            stub = kind(
                f"/{SERVICE}/{method.name}",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=reply.FromString,
            )
            setattr(self, method.name.lower(), stub)
        self.Text = GetMessageClass(pool.FindMessageTypeByName("interop.Text"))
        self.Number = GetMessageClass(pool.FindMessageTypeByName("interop.Number"))

    def until_holding(self, value):
        """Waits until so many calls are held at the server."""
        end = time.monotonic() + LIMIT
        while self.holding(Empty(), timeout=LIMIT).value != value:
            assert time.monotonic() < end, f"the server does not hold {value} calls"


def status_of(call):
    """The status with which a call fails."""
    try:
        reply = call()
    except grpc.RpcError as error:
        return error
    raise AssertionError(f"it did not fail: {reply}")


@case
def unary(interop, channel):
    for length in (0, 1, 100_000, 3_000_000):
        text = interop.Text(text="x" * length)
        assert interop.echo(text, timeout=LIMIT) == text


@case
def server_streaming(interop, channel):
    numbers = interop.count(interop.Number(value=10_000), timeout=LIMIT)
    assert [number.value for number in numbers] == list(range(1, 10_001))


@case
def client_streaming(interop, channel):
    numbers = (interop.Number(value=value) for value in range(1, 10_001))
    assert interop.sum(numbers, timeout=LIMIT).value == 50_005_000
    assert interop.sum(iter(()), timeout=LIMIT).value == 0


@case
def bidirectional_streaming_in_turns(interop, channel):
    texts = Queue()
    replies = interop.lengths(iter(texts.get, None), timeout=LIMIT)
    for length in range(100):
        texts.put(interop.Text(text="x" * length))
        assert next(replies).value == length
    texts.put(None)
    assert not list(replies)


@case
def metadata_in_both_directions(interop, channel):
    sent = (("x-text", "a text"), ("x-bytes-bin", bytes(range(256))))
    _, call = interop.echo.with_call(interop.Text(), metadata=sent, timeout=LIMIT)
    received = dict(call.initial_metadata()) | dict(call.trailing_metadata())
    assert received["x-text"] == "a text"
    assert received["x-bytes-bin"] == bytes(range(256))


@case
def a_status_with_message_and_details(interop, channel):
    message = "wrong: 100 % ünïcode\nin two lines"
    error = status_of(lambda: interop.reject(interop.Text(text=message), timeout=LIMIT))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error.details() == message
    status = rpc_status.from_call(error)
    detail = interop.Text()
    assert status.details[0].Unpack(detail)
    assert detail.text == message


@case
def a_status_with_a_long_message_keeps_its_code(interop, channel):
    error = status_of(lambda: interop.reject(interop.Text(text="m" * 20_000), timeout=LIMIT))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    assert error.details().startswith("m" * 7_000) and error.details().endswith("m..."), error


@case
def an_unknown_method_is_unimplemented(interop, channel):
    call = channel.unary_unary(f"/{SERVICE}/Nothing")
    error = status_of(lambda: call(b"", timeout=LIMIT))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "Nothing" in error.details()


@case
def a_message_over_the_limit_is_refused_by_its_name(interop, channel):
    text = interop.Text(text="x" * (5 << 20))
    error = status_of(lambda: interop.echo(text, timeout=LIMIT))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "max_message_size" in error.details(), error.details()


@case
def a_deadline_ends_the_handler(interop, channel):
    error = status_of(lambda: interop.hold(Empty(), timeout=0.2))
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    interop.until_holding(0)


@case
def a_cancelled_call_ends_the_handler(interop, channel):
    calls = [interop.hold.future(Empty(), timeout=LIMIT) for _ in range(10)]
    interop.until_holding(10)
    for call in calls:
        call.cancel()
    interop.until_holding(0)
    assert all(call.code() == grpc.StatusCode.CANCELLED for call in calls)


@case
def compressed_requests(interop, channel):
    for compression in (grpc.Compression.Gzip, grpc.Compression.NoCompression):
        text = interop.Text(text="x" * 100_000)
        assert interop.echo(text, compression=compression, timeout=LIMIT) == text
        numbers = (interop.Number(value=1) for _ in range(1_000))
        reply = interop.sum(numbers, compression=compression, timeout=LIMIT)
        assert reply.value == 1_000
    # Not one that this server knows.
    text = interop.Text(text="x" * 100_000)
    deflate = grpc.Compression.Deflate
    error = status_of(lambda: interop.echo(text, compression=deflate, timeout=LIMIT))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED


@case
def reflection_of_both_versions(interop, channel):
    for version in ("v1", "v1alpha"):
        call = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        requests = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(file_by_filename="nowhere.proto"),
        ]
        services, error = call(iter(requests), timeout=LIMIT)
        names = [service.name for service in services.list_services_response.service]
        assert SERVICE in names and "grpc.health.v1.Health" in names, names
        assert error.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@case
def health(interop, channel):
    stub = health_pb2_grpc.HealthStub(channel)
    for service in ("", SERVICE):
        reply = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=LIMIT)
        assert reply.status == health_pb2.HealthCheckResponse.SERVING
    unknown = health_pb2.HealthCheckRequest(service="nobody.Knows")
    error = status_of(lambda: stub.Check(unknown, timeout=LIMIT))
    assert error.code() == grpc.StatusCode.NOT_FOUND
    watched = stub.Watch(unknown, timeout=LIMIT)
    assert next(watched).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watched.cancel()


def shutdown(server, interop, channel):
    """What is watched learns of the end, and what runs comes to it."""
    stub = health_pb2_grpc.HealthStub(channel)
    watched = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE), timeout=LIMIT)
    assert next(watched).status == health_pb2.HealthCheckResponse.SERVING
    numbers = interop.count(interop.Number(value=100_000), timeout=LIMIT)
    assert next(numbers).value == 1
    server.send_signal(signal.SIGTERM)
    assert next(watched).status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert status_of(lambda: next(watched)).code() == grpc.StatusCode.UNAVAILABLE
    assert sum(1 for _ in numbers) == 99_999
    assert server.wait(LIMIT) == 0


def main():
    server = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
            interop = Interop(channel, pool)
            for each in CASES:
                each(interop, channel)
                print(f"  ok  {each.__name__}")
            shutdown(server, interop, channel)
            print("  ok  shutdown")
    finally:
        server.kill()


main()
