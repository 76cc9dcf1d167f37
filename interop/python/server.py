"""gRPC's interop service on Python's grpcio: what our clients are tried against.

Listens on a free port of 127.0.0.1, prints its target, and serves until its input ends. Its code is generated when it
starts, from the protos of the tests.
"""

import importlib
import pathlib
import sys
import tempfile
import time
from concurrent import futures

import grpc
from grpc_tools import protoc

ECHO_INITIAL = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"


def generate(folder):
    """Compiles the protos into `folder`, and imports what came of it."""
    protos = pathlib.Path(__file__).parents[2] / "tests" / "proto"
    files = ["empty", "messages", "test"]
    arguments = ["protoc", f"-I{protos}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    arguments += [str(protos / "grpc" / "testing" / f"{file}.proto") for file in files]
    if protoc.main(arguments) != 0:
        sys.exit("the protos do not compile")
    # The package is `grpc.testing`, beside grpcio's own modules.
    grpc.__path__.append(f"{folder}/grpc")
    names = ["grpc.testing.messages_pb2", "grpc.testing.test_pb2_grpc"]
    return [importlib.import_module(name) for name in names]


def make_service(messages, services):
    def payload(size):
        return messages.Payload(body=bytes(size))

    def end(status, context):
        if status.code:
            codes = {code.value[0]: code for code in grpc.StatusCode}
            context.abort(codes[status.code], status.message)

    def echo_metadata(context):
        metadata = dict(context.invocation_metadata())
        if ECHO_INITIAL in metadata:
            context.send_initial_metadata([(ECHO_INITIAL, metadata[ECHO_INITIAL])])
        if ECHO_TRAILING in metadata:
            context.set_trailing_metadata([(ECHO_TRAILING, metadata[ECHO_TRAILING])])

    def replies(request, context):
        for parameter in request.response_parameters:
            time.sleep(parameter.interval_us / 1e6)
            if not parameter.compressed.value:
                context.disable_next_message_compression()
            yield messages.StreamingOutputCallResponse(payload=payload(parameter.size))
        end(request.response_status, context)

    class Service(services.TestServiceServicer):
        def EmptyCall(self, request, context):
            return request

        def UnaryCall(self, request, context):
            echo_metadata(context)
            end(request.response_status, context)
            if request.response_compressed.value:
                context.set_compression(grpc.Compression.Gzip)
            return messages.SimpleResponse(payload=payload(request.response_size))

        def StreamingOutputCall(self, request, context):
            if any(parameter.compressed.value for parameter in request.response_parameters):
                context.set_compression(grpc.Compression.Gzip)
            yield from replies(request, context)

        def StreamingInputCall(self, requests, context):
            size = sum(len(request.payload.body) for request in requests)
            return messages.StreamingInputCallResponse(aggregated_payload_size=size)

        def FullDuplexCall(self, requests, context):
            echo_metadata(context)
            for request in requests:
                yield from replies(request, context)

    return Service()


def main():
    with tempfile.TemporaryDirectory() as folder:
        messages, services = generate(folder)
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=64))
        services.add_TestServiceServicer_to_server(make_service(messages, services), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        print(f"grpc://127.0.0.1:{port}", flush=True)
        sys.stdin.read()
        server.stop(None)


if __name__ == "__main__":
    main()
