package split

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/stanch-dev/stanch/internal/codec"
)

// maxPacked bounds a compressed message, packed and opened, in bytes. It is the
// longest message that gRPC receivers take by default.
const maxPacked = 4 << 20

func isGRPC(_ Body, media string) bool {
	return !isGRPCWebText(Body{}, media) &&
		(strings.HasPrefix(media, "application/grpc") || strings.HasPrefix(media, "application/connect+"))
}

func newGRPC(b Body, media string, out func(Part) error) Splitter {
	g := &grpc{out: out, encoding: b.GRPCEncoding, limits: b.Limits}
	switch {
	case strings.HasPrefix(media, "application/grpc-web"):
		g.trailer = 0x80
	case strings.HasPrefix(media, "application/connect+"):
		g.trailer = 0x02
	}
	return g
}

// grpc is the splitter of length-prefixed messages, as "gRPC over HTTP2" lays them
// down: a flag byte, the length in four bytes, the message. A message is a Frame
// and a Sized text of its own, since lengths stand within it too; a compressed one
// is Packed. It keeps no message that is not compressed, whatever its length.
type grpc struct {
	out      func(Part) error
	encoding string
	limits   codec.Limits
	trailer  byte // flag of the message that ends a stream of gRPC-Web or Connect

	prefix [5]byte
	have   int         // bytes of prefix that are there
	left   int64       // bytes of the message that are not there yet
	packed []byte      // the compressed message so far, with its prefix; else empty
	chain  codec.Chain // of packed
	texts  int         // messages so far
}

// Write implements [Splitter].
func (g *grpc) Write(p []byte) error {
	for len(p) > 0 {
		if g.left == 0 {
			n := copy(g.prefix[g.have:], p)
			g.have += n
			p = p[n:]
			if g.have < len(g.prefix) {
				return nil
			}
			g.have = 0
			if err := g.begin(g.prefix[0], binary.BigEndian.Uint32(g.prefix[1:])); err != nil {
				return err
			}
			continue
		}
		n := int(min(int64(len(p)), g.left))
		g.left -= int64(n)
		if err := g.message(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// End implements [Splitter].
func (g *grpc) End() error {
	if g.have > 0 || g.left > 0 {
		return &codec.FormatError{Format: "grpc", Reason: "it ends within a message"}
	}
	return nil
}

// begin starts a message. An empty one is only its prefix.
func (g *grpc) begin(flag byte, length uint32) error {
	compressed := flag&1 != 0
	if kind := flag &^ 1; kind != 0 && kind != g.trailer {
		return &codec.FormatError{Format: "grpc", Reason: fmt.Sprintf("message %d has the unknown flag %#02x", g.texts+1, flag)}
	}
	if length == 0 || !compressed {
		g.left = int64(length)
		if length > 0 {
			g.texts++
		}
		return g.out(Part{Kind: Frame, Data: g.prefix[:]})
	}
	chain, err := codec.ParseChain([]string{g.encoding})
	if err != nil {
		return err
	}
	if chain.Identity() {
		return &codec.FormatError{Format: "grpc", Reason: fmt.Sprintf("message %d is marked as compressed, but no coding is named", g.texts+1)}
	}
	if length > maxPacked {
		return &codec.LimitError{What: "compressed gRPC message in bytes", Limit: maxPacked}
	}
	g.texts++
	g.chain, g.left = chain, int64(length)
	g.packed = append(g.packed, g.prefix[:]...)
	return nil
}

// message goes on with the message that began.
func (g *grpc) message(p []byte) error {
	last := g.left == 0
	if len(g.packed) == 0 {
		return g.out(Part{Kind: Sized, Text: g.texts, Data: p, Last: last})
	}
	g.packed = append(g.packed, p...)
	if !last {
		return nil
	}
	data := g.packed
	g.packed = data[:0]
	return g.out(Part{Kind: Packed, Text: g.texts, Data: data, Last: true,
		Envelope: grpcEnvelope{flag: data[0], chain: g.chain, limits: g.limits}})
}

// grpcEnvelope is the prefix and the coding around a compressed message.
type grpcEnvelope struct {
	flag   byte
	chain  codec.Chain
	limits codec.Limits
}

// Open implements [Envelope].
func (e grpcEnvelope) Open(data []byte) ([]byte, error) {
	if len(data) < 5 {
		return nil, &codec.FormatError{Format: "grpc", Reason: "a message is shorter than its prefix"}
	}
	r := e.chain.NewReader(bytes.NewReader(data[5:]), e.limits)
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxPacked+1))
	if err == nil && len(content) > maxPacked {
		err = &codec.LimitError{What: "opened gRPC message in bytes", Limit: maxPacked}
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// Close implements [Envelope].
func (e grpcEnvelope) Close(dst, content []byte) []byte {
	start := len(dst)
	buf := bytes.NewBuffer(append(dst, e.flag, 0, 0, 0, 0))
	w := e.chain.NewWriter(buf)
	_, err := w.Write(content)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(fmt.Sprintf("codec: encoding into memory: %v", err)) // a buffer does not fail
	}
	dst = buf.Bytes()
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-5))
	return dst
}

func isGRPCWebText(_ Body, media string) bool {
	return strings.HasPrefix(media, "application/grpc-web-text")
}

func newGRPCWebText(Body, string, func(Part) error) Splitter { return grpcWebText{} }

// grpcWebText refuses the base64 form of gRPC-Web: nothing of it passes.
type grpcWebText struct{}

func (grpcWebText) Write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return &codec.FormatError{Format: "grpc-web-text", Reason: "the base64 form is not supported, use application/grpc-web+proto"}
}

func (grpcWebText) End() error { return nil }
