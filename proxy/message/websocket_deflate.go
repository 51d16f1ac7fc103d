package message

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gobwas/ws"
	"github.com/klauspost/compress/flate"
)

// The extension that compresses messages, RFC 7692 §7, and the parameters under which
// each message is compressed alone.
const (
	extensions  = "Sec-WebSocket-Extensions"
	deflateName = "permessage-deflate"
	serverAlone = "server_no_context_takeover"
	clientAlone = "client_no_context_takeover"
	plainChoice = deflateName + "; " + serverAlone + "; " + clientAlone
)

var (
	errExtension = errors.New("the upstream has chosen a WebSocket extension that was not offered")
	errInflate   = errors.New("a compressed WebSocket message cannot be decompressed")
	errTooLong   = errors.New("a WebSocket message is longer than the limit; raise the limit if such messages are expected")
)

// offerPlainDeflate leaves of the extensions that a client offers only the one that
// compresses messages, each of them alone.
func offerPlainDeflate(header http.Header) {
	offers, ok := parseExtensions(header)
	header.Del(extensions)
	if ok && slices.ContainsFunc(offers, takesPlainChoice) {
		header.Set(extensions, plainChoice)
	}
}

// takesPlainChoice reports whether plainChoice answers an offer of a client. It does
// not where the client demands a smaller window: the answer would have to name one
// (RFC 7692 §7.1.2.1).
func takesPlainChoice(offer []string) bool {
	for _, param := range offer[1:] {
		name, _, _ := strings.Cut(param, "=")
		switch strings.TrimSpace(name) {
		case serverAlone, clientAlone, "client_max_window_bits":
		default:
			return false
		}
	}
	return offer[0] == deflateName
}

// acceptPlainDeflate reports whether the upstream has chosen to compress messages, and
// lets the client know that each is to be compressed alone.
func acceptPlainDeflate(resp *http.Response) (bool, error) {
	chosen, ok := parseExtensions(resp.Header)
	if ok && len(chosen) == 0 {
		return false, nil
	}
	offered := resp.Request == nil || resp.Request.Header.Get(extensions) != ""
	if !ok || !offered || len(chosen) != 1 || chosen[0][0] != deflateName {
		return false, errExtension
	}
	params := chosen[0][1:]
	alien := func(param string) bool { return param != serverAlone && param != clientAlone }
	if slices.ContainsFunc(params, alien) || !slices.Contains(params, serverAlone) {
		return false, errExtension
	}
	resp.Header.Set(extensions, plainChoice)
	return true, nil
}

// parseExtensions returns the extensions in header, each as its name and its
// parameters, and whether they could be told apart: quoted strings are not read, as no
// parameter that matters here needs them.
func parseExtensions(header http.Header) (list [][]string, ok bool) {
	for extension := range strings.SplitSeq(strings.Join(header.Values(extensions), ","), ",") {
		if strings.Contains(extension, `"`) {
			return nil, false
		}
		parts := strings.Split(extension, ";")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		if parts[0] != "" {
			list = append(list, parts)
		}
	}
	return list, true
}

const (
	window = 32 << 10 // bytes back that a compressed message may refer to

	// inflateEnd follows a message: the four bytes that the sender has left out (RFC
	// 7692 §7.2.2), and an empty block that ends the data.
	inflateEnd = "\x00\x00\xff\xff" + "\x01\x00\x00\xff\xff"

	// mostFinals is how many final blocks a message may have. A sender needs none, but
	// may use them (RFC 7692 §7.2.3.4); each costs the filling of a window.
	mostFinals = 16
)

// inflaters keeps decompressors, 40 KiB each, between messages.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(new(bytes.Reader)) }}

// inflate appends the compressed message to dst, up to one byte more than limit.
// Whatever follows a final block is data too: nothing in a message is left unread.
func inflate(dst, message *bytes.Buffer, limit int) *closing {
	in := inflaters.Get().(io.Reader)
	defer func() {
		in.(flate.Resetter).Reset(new(bytes.Reader), nil) // lets go of the message
		inflaters.Put(in)
	}()
	message.WriteString(inflateEnd)
	rest := bytes.NewReader(message.Bytes())
	for finals := 0; rest.Len() > len(inflateEnd); finals++ {
		in.(flate.Resetter).Reset(rest, dst.Bytes()[max(0, dst.Len()-window):])
		_, err := io.Copy(dst, io.LimitReader(in, int64(limit-dst.Len())+1))
		switch {
		case err != nil || finals == mostFinals:
			return &closing{ws.StatusInvalidFramePayloadData, errInflate}
		case dst.Len() > limit:
			return &closing{ws.StatusMessageTooBig, errTooLong}
		}
	}
	return nil
}

// deflate appends message to dst, compressed alone.
func deflate(dst *bytes.Buffer, message []byte) {
	flate.StatelessDeflate(dst, message, false, nil)  // fails where dst does
	dst.Truncate(dst.Len() - len("\x00\x00\xff\xff")) // RFC 7692 §7.2.1
}
