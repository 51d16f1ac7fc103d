package message_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
)

const plainDeflate = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

func TestWebSocketOffer(t *testing.T) {
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	for name, c := range map[string]struct {
		offer []string
		want  string
	}{
		"none":             {nil, ""},
		"plain":            {[]string{"permessage-deflate"}, plainDeflate},
		"of browsers":      {[]string{"permessage-deflate; client_max_window_bits"}, plainDeflate},
		"client window":    {[]string{"permessage-deflate;client_max_window_bits=10 ;server_no_context_takeover"}, plainDeflate},
		"server window":    {[]string{"permessage-deflate; server_max_window_bits=10"}, ""},
		"second choice":    {[]string{"permessage-deflate; server_max_window_bits=10, permessage-deflate"}, plainDeflate},
		"two fields":       {[]string{"x-frames", "permessage-deflate"}, plainDeflate},
		"unknown":          {[]string{"x-webkit-deflate-frame, permessage-bzip2"}, ""},
		"unknown and more": {[]string{"permessage-deflate; level=9"}, ""},
		"quoted":           {[]string{`x; y="a, permessage-deflate"`}, ""},
	} {
		r, err := http.NewRequest("GET", "http://api.example/socket", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Extensions": c.offer}
		if err := f.Exchange(context.Background(), message.Peer{}).Request(r); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Header.Values("Sec-WebSocket-Extensions"), "|"); got != c.want {
			t.Errorf("%s: offered %q, want %q", name, got, c.want)
		}
	}
}

func TestWebSocketChoice(t *testing.T) {
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	for name, c := range map[string]struct {
		upgrade string
		offered bool
		choice  []string
		want    string // empty: refused
	}{
		"none":           {"websocket", true, nil, "no extension"},
		"empty":          {"WebSocket", true, []string{""}, "no extension"},
		"as offered":     {"websocket", true, []string{plainDeflate}, plainDeflate},
		"server alone":   {"websocket", true, []string{"permessage-deflate;server_no_context_takeover"}, plainDeflate},
		"takeover":       {"websocket", true, []string{"permessage-deflate"}, ""},
		"client alone":   {"websocket", true, []string{"permessage-deflate; client_no_context_takeover"}, ""},
		"window":         {"websocket", true, []string{plainDeflate + "; server_max_window_bits=10"}, ""},
		"two":            {"websocket", true, []string{plainDeflate, plainDeflate}, ""},
		"unknown":        {"websocket", true, []string{"x-frames"}, ""},
		"quoted":         {"websocket", true, []string{`permessage-deflate; server_no_context_takeover="1"`}, ""},
		"not offered":    {"websocket", false, []string{plainDeflate}, ""},
		"other protocol": {"h2c", true, nil, ""},
	} {
		resp := &http.Response{StatusCode: 101, Header: http.Header{"Upgrade": {c.upgrade}}, Request: &http.Request{Header: http.Header{}}}
		conn := &wire{Reader: strings.NewReader("")}
		resp.Body = conn
		if c.offered {
			resp.Request.Header.Set("Sec-WebSocket-Extensions", plainDeflate)
		}
		if c.choice != nil {
			resp.Header["Sec-Websocket-Extensions"] = c.choice
		}
		err := f.Exchange(context.Background(), message.Peer{}).WebSocket(resp, message.WebSocketOptions{})
		var refused *message.RefusedError
		if errors.As(err, &refused) != (c.want == "") || (resp.Body == conn) != (c.want == "") {
			t.Errorf("%s: error %v", name, err)
		}
		got := strings.Join(resp.Header.Values("Sec-WebSocket-Extensions"), "|")
		if got != c.want && (c.want == plainDeflate || c.want != "" && got != "") {
			t.Errorf("%s: the client is told %q", name, got)
		}
	}
}

func TestWebSocketDeflate(t *testing.T) {
	long := strings.Repeat("all is well ", 7000)
	helloFinal := "\xf3\x48\xcd\xc9\xc9\x07\x00" // RFC 7692 §7.2.3.4
	const secretFinal = "\x01\x08\x00\xf7\xff tok1234"
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	for name, c := range map[string]struct {
		in, want []wsFrame // decompressed; nothing wanted: the same bytes
	}{
		"clean":             {in: []wsFrame{deflated(text(squeeze("a"))), text("b"), deflated(text(squeeze(long))), deflated(binary(squeeze("")))}},
		"clean parts":       {in: []wsFrame{more(deflated(text(squeeze(long)[:50]))), rest(squeeze(long)[50:])}},
		"nothing at all":    {in: []wsFrame{deflated(text(""))}},
		"final block":       {in: []wsFrame{deflated(text(helloFinal)), deflated(text(helloFinal + "\x00"))}},
		"more final blocks": {in: []wsFrame{deflated(text(strings.Repeat(helloFinal, 10)))}},
		"secret":            {[]wsFrame{deflated(text(squeeze(long + "tok1234"))), text("tok1234")}, []wsFrame{deflated(text(long + "[REDACTED:token]")), text("[REDACTED:token]")}},
		"binary":            {[]wsFrame{deflated(binary(squeeze("\x00tok1234 "))), binary("b")}, []wsFrame{deflated(binary("\x00******* ")), binary("b")}},
		"secret is all":     {[]wsFrame{deflated(text(squeeze("tok1234")))}, []wsFrame{deflated(text("[REDACTED:token]"))}},
		"in parts": {
			[]wsFrame{more(deflated(text(squeeze("a tok1234")[:4]))), ping("tok1234"), rest(squeeze("a tok1234")[4:])},
			[]wsFrame{ping("*******"), deflated(text("a [REDACTED:token]"))},
		},
		"behind a final block": {[]wsFrame{deflated(text(helloFinal + secretFinal))}, []wsFrame{deflated(text("Hello [REDACTED:token]"))}},
	} {
		directions(t, func(t *testing.T, client bool, size int) {
			in := encode(client, c.in...)
			got := pass(t, f, message.WebSocketOptions{}, client, true, in, size)
			if got.err != nil || len(got.back) > 0 {
				t.Fatalf("%s, %d bytes at a time: error %v, sent back %q", name, size, got.err, got.back)
			}
			if c.want == nil {
				if !bytes.Equal(got.on, in) {
					t.Errorf("%s, %d bytes at a time: clean frames changed", name, size)
				}
				return
			}
			frames := decode(t, client, got.on)
			for i := range frames {
				if frames[i].Deflated {
					frames[i].Payload = unsqueeze(frames[i].Payload)
				}
			}
			if diff := gocmp.Diff(c.want, frames); diff != "" {
				t.Errorf("%s, %d bytes at a time: -want +got\n%s", name, size, diff)
			}
		})
	}
}

// TestWebSocketDeflateCloses holds that nothing passes that does not decode, or to too
// much.
func TestWebSocketDeflateCloses(t *testing.T) {
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	bomb := squeeze(strings.Repeat("\x00", 10_001))
	for name, c := range map[string]struct {
		in   []wsFrame
		code ws.StatusCode
	}{
		"garbage":            {[]wsFrame{deflated(text("\xff\xff\xff"))}, 1007},
		"cut":                {[]wsFrame{deflated(text(squeeze("all is well, all is well")[:8]))}, 1007},
		"another's window":   {[]wsFrame{deflated(text("\x02\x13\x00\x00"))}, 1007},
		"behind the end":     {[]wsFrame{deflated(text("\x03\x00garbage"))}, 1007},
		"many final blocks":  {[]wsFrame{deflated(text(strings.Repeat("\x03\x00", 1000)))}, 1007},
		"bomb":               {[]wsFrame{deflated(binary(bomb))}, 1009},
		"bomb in parts":      {[]wsFrame{more(deflated(binary(bomb[:9]))), rest(bomb[9:])}, 1009},
		"bomb of two":        {[]wsFrame{deflated(binary("\x01\x01\x00\xfe\xffa" + bomb))}, 1009},
		"compressed control": {[]wsFrame{deflated(ping("x"))}, 1002},
		"bit in the middle":  {[]wsFrame{more(deflated(text("a"))), deflated(rest("b"))}, 1002},
		"bit too late":       {[]wsFrame{more(text("a")), deflated(rest("b"))}, 1002},
	} {
		directions(t, func(t *testing.T, client bool, size int) {
			got := pass(t, f, message.WebSocketOptions{MaxMessage: 10_000}, client, true, encode(client, c.in...), size)
			for masked, wire := range map[bool][]byte{client: got.on, !client: got.back} {
				frames := decode(t, masked, wire)
				if len(frames) != 1 || frames[0].Op != ws.OpClose || !strings.HasPrefix(frames[0].Payload, string(ws.NewCloseFrameBody(c.code, ""))) {
					t.Errorf("%s, %d bytes at a time: sent %v", name, size, frames)
				}
			}
			var refused *message.RefusedError
			if !errors.As(got.err, &refused) {
				t.Errorf("%s: error %v", name, got.err)
			}
		})
	}
	for _, bits := range []byte{0x20, 0x10, 0x60} {
		in := encode(true, text("x"))
		in[0] |= bits
		if got := pass(t, f, message.WebSocketOptions{}, true, true, in, 100); got.err == nil {
			t.Errorf("reserved bits %#x passed", bits)
		}
	}
	got := pass(t, f, message.WebSocketOptions{MaxMessage: 10_001}, true, true, encode(true, deflated(binary(bomb))), 100)
	if got.err != nil || len(decode(t, true, got.on)) != 1 {
		t.Errorf("a message as long as the limit: error %v", got.err)
	}
}
