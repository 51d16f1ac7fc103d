package message_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
)

func BenchmarkWebSocket(b *testing.B) {
	f := webSocketFilter(b, proxy.Options{}, message.Options{})
	for name, frame := range map[string][]byte{
		"clean":  encode(true, text(strings.Repeat("all is well ", 85))),
		"secret": encode(true, text(strings.Repeat("all is well ", 85)+"tok1234")),
	} {
		b.Run(name, func(b *testing.B) {
			conn := &wire{Reader: strings.NewReader("")}
			r := newRelay(b, f, message.WebSocketOptions{}, false, conn)
			defer r.Close()
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				conn.sent.Reset()
				if _, err := r.Write(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var tokens = regexp.MustCompile(`\btok\d{4,12}\b`)

// FuzzWebSocket holds, for any bytes of a peer, that how they are cut makes no
// difference, that what goes on is well formed, and that no message has a secret.
func FuzzWebSocket(f *testing.F) {
	for _, client := range []bool{true, false} {
		f.Add(encode(client, text("a tok1234"), more(binary("tok")), ping("tok1234"), rest("1234"), closed(1000, "tok1234")), client, false, uint8(3))
		f.Add(encode(client, deflated(text(squeeze("a tok1234"))), deflated(more(text("\x00"))), rest("")), client, true, uint8(1))
		f.Add([]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4}, client, false, uint8(7))
	}
	filter := webSocketFilter(f, proxy.Options{}, message.Options{})
	f.Fuzz(func(t *testing.T, in []byte, client, compressed bool, size uint8) {
		opts := message.WebSocketOptions{MaxMessage: 10_000}
		whole := pass(t, filter, opts, client, compressed, in, len(in)+1)
		split := pass(t, filter, opts, client, compressed, in, int(size)+1)
		got := decode(t, client, whole.on)
		if diff := gocmp.Diff(got, decode(t, client, split.on)); diff != "" {
			t.Fatalf("%d bytes at a time: -whole +split\n%s", int(size)+1, diff)
		}
		if (whole.err == nil) != (split.err == nil) {
			t.Fatalf("whole %v, split %v", whole.err, split.err)
		}
		var gathered string
		var packed bool
		for _, frame := range got {
			content, last := frame.Payload, true
			if !frame.Op.IsControl() {
				packed = packed && frame.Op == ws.OpContinuation || frame.Deflated
				gathered += frame.Payload
				content, last = gathered, !frame.More
			}
			if !last {
				continue
			}
			if !frame.Op.IsControl() {
				gathered = ""
				if packed {
					content = unsqueeze(content)
				}
			}
			if tokens.MatchString(content) {
				t.Fatalf("passed %q", content)
			}
		}
	})
}
