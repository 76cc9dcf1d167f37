"""Calls the server with gRPC's own Python library: client.py <address> <name>"""

import sys

import grpc

address, name = sys.argv[1:]
messages, services = grpc.protos_and_services("hello.proto")
with grpc.insecure_channel(address) as channel:
    hello = services.HelloStub(channel)
    print(hello.Hello(messages.HelloRequest(msg=name), timeout=30).msg)
    for reply in hello.Repeat(messages.RepeatRequest(msg=name, times=2), timeout=30):
        print(reply.msg)
