// Calls the server of this project with connect-go, by each of its protocols:
//
//	client <path of interop-server>
//
// Its messages have one field each, so google.protobuf's wrappers stand for them, without generated code.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Longer than anything that works takes.
const limit = 30 * time.Second

type (
	text   = wrapperspb.StringValue
	number = wrapperspb.Int64Value
)

// Server is how one is called.
type server struct {
	address string
	http    *http.Client
	options []connect.ClientOption
}

func client[Request, Reply any](s server, method string, options ...connect.ClientOption) *connect.Client[Request, Reply] {
	return connect.NewClient[Request, Reply](s.http, s.address+"/interop.Interop/"+method, append(options, s.options...)...)
}

func unary(ctx context.Context, s server) error {
	for _, length := range []int{0, 1, 100_000, 3_000_000} {
		sent := strings.Repeat("x", length)
		reply, err := client[text, text](s, "Echo").CallUnary(ctx, connect.NewRequest(wrapperspb.String(sent)))
		if err != nil {
			return err
		}
		if reply.Msg.Value != sent {
			return fmt.Errorf("%d bytes came back as %d", length, len(reply.Msg.Value))
		}
	}
	return nil
}

func serverStreaming(ctx context.Context, s server) error {
	stream, err := client[number, number](s, "Count").CallServerStream(ctx, connect.NewRequest(wrapperspb.Int64(10_000)))
	if err != nil {
		return err
	}
	defer stream.Close()
	next := int64(1)
	for ; stream.Receive(); next++ {
		if value := stream.Msg().Value; value != next {
			return fmt.Errorf("%d came in place of %d", value, next)
		}
	}
	if next != 10_001 {
		return fmt.Errorf("the stream ended before %d: %w", next, stream.Err())
	}
	return stream.Err()
}

func clientStreaming(ctx context.Context, s server) error {
	stream := client[number, number](s, "Sum").CallClientStream(ctx)
	for value := range int64(1_000) {
		if err := stream.Send(wrapperspb.Int64(value + 1)); err != nil {
			return err
		}
	}
	reply, err := stream.CloseAndReceive()
	if err == nil && reply.Msg.Value != 500_500 {
		err = fmt.Errorf("the sum is %d", reply.Msg.Value)
	}
	return err
}

func bidirectionalStreamingInTurns(ctx context.Context, s server) error {
	stream := client[text, number](s, "Lengths").CallBidiStream(ctx)
	for length := range 100 {
		if err := stream.Send(wrapperspb.String(strings.Repeat("x", length))); err != nil {
			return err
		}
		reply, err := stream.Receive()
		if err != nil {
			return err
		}
		if reply.Value != int64(length) {
			return fmt.Errorf("the length is %d in place of %d", reply.Value, length)
		}
	}
	if err := stream.CloseRequest(); err != nil {
		return err
	}
	if _, err := stream.Receive(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the stream goes on: %w", err)
	}
	return stream.CloseResponse()
}

func metadataInBothDirections(ctx context.Context, s server) error {
	bytes := connect.EncodeBinaryHeader([]byte{0, 1, 254, 255})
	request := connect.NewRequest(wrapperspb.String(""))
	request.Header().Set("x-text", "a text")
	request.Header().Set("x-bytes-bin", bytes)
	reply, err := client[text, text](s, "Echo").CallUnary(ctx, request)
	if err != nil {
		return err
	}
	if header := reply.Header(); header.Get("x-text") != "a text" || header.Get("x-bytes-bin") != bytes {
		return fmt.Errorf("other metadata came back: %v", header)
	}
	return nil
}

func aStatusWithMessageAndDetails(ctx context.Context, s server) error {
	message := "wrong: 100 % ünïcode\nin two lines"
	_, err := client[text, text](s, "Reject").CallUnary(ctx, connect.NewRequest(wrapperspb.String(message)))
	var failed *connect.Error
	if !errors.As(err, &failed) || failed.Code() != connect.CodeInvalidArgument || failed.Message() != message {
		return fmt.Errorf("it is another error: %w", err)
	}
	details := failed.Details()
	detail := &text{}
	if len(details) != 1 || details[0].Type() != "interop.Text" || proto.Unmarshal(details[0].Bytes(), detail) != nil {
		return fmt.Errorf("it has other details: %v", details)
	}
	if detail.Value != message {
		return fmt.Errorf("the detail is %q", detail.Value)
	}
	return nil
}

func aDeadlineEndsTheHandler(ctx context.Context, s server) error {
	brief, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, err := client[emptypb.Empty, text](s, "Hold").CallUnary(brief, connect.NewRequest(&emptypb.Empty{}))
	if connect.CodeOf(err) != connect.CodeDeadlineExceeded {
		return fmt.Errorf("it is another error: %w", err)
	}
	// A method without side effects, which Connect calls with GET.
	options := []connect.ClientOption{connect.WithIdempotency(connect.IdempotencyNoSideEffects), connect.WithHTTPGet()}
	for {
		holding, err := client[emptypb.Empty, number](s, "Holding", options...).CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
		if err != nil || holding.Msg.Value == 0 {
			return err
		}
	}
}

func run(path string) error {
	command := exec.Command(path)
	output, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	defer command.Process.Kill()
	port, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return err
	}
	http2 := &http.Transport{Protocols: new(http.Protocols)}
	http2.Protocols.SetUnencryptedHTTP2(true)
	gzip := connect.WithSendGzip()
	for _, by := range []struct {
		name    string
		options []connect.ClientOption
	}{
		{"Connect", nil},
		{"Connect with gzip", []connect.ClientOption{gzip}},
		{"gRPC", []connect.ClientOption{connect.WithGRPC()}},
		{"gRPC with gzip", []connect.ClientOption{connect.WithGRPC(), gzip}},
		{"gRPC-Web", []connect.ClientOption{connect.WithGRPCWeb()}},
		{"gRPC-Web with gzip", []connect.ClientOption{connect.WithGRPCWeb(), gzip}},
	} {
		called := server{"http://127.0.0.1:" + strings.TrimSpace(port), &http.Client{Transport: http2}, by.options}
		for _, test := range []struct {
			name string
			run  func(context.Context, server) error
		}{
			{"unary", unary},
			{"server streaming", serverStreaming},
			{"client streaming", clientStreaming},
			{"bidirectional streaming in turns", bidirectionalStreamingInTurns},
			{"metadata in both directions", metadataInBothDirections},
			{"a status with message and details", aStatusWithMessageAndDetails},
			{"a deadline ends the handler", aDeadlineEndsTheHandler},
		} {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			err := test.run(ctx, called)
			cancel()
			if err != nil {
				return fmt.Errorf("%s: %s: %w", by.name, test.name, err)
			}
			fmt.Printf("  ok  %s: %s\n", by.name, test.name)
		}
	}
	return nil
}

func main() {
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}
