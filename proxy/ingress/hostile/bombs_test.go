package hostile_test

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"runtime"
	"strings"
	"testing"
	"time"
)

// bomb is content that is dear to look into.
type bomb struct {
	name, contentType, coding, text string
	whole                           bool // it may pass, redacted
}

// bombs are made anew for each use, since together they are large.
func bombs(t *testing.T) []bomb {
	zeros := stored + strings.Repeat("\x00", 16<<20)
	const plain, form, grpc = "text/plain", "multipart/form-data; boundary=b", "application/grpc"
	var choices strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&choices, "data: {\"choices\":[{\"index\":%d,\"delta\":{\"content\":%q}}]}\n\n", i, stored[:i%7])
	}
	for _, part := range []string{stored[:7], stored[7:14], stored[14:], stored} { // of one that came early
		fmt.Fprintf(&choices, "data: {\"choices\":[{\"index\":8,\"delta\":{\"content\":%q}}]}\n\n", part)
	}
	empty := pack(t, "gzip", "")
	adler := binary.BigEndian.AppendUint32(nil, adler32.Checksum([]byte(stored)))
	return []bomb{
		{"gzip", plain, "gzip", pack(t, "gzip", zeros), false},
		{"gzip in gzip", plain, "gzip, gzip", pack(t, "gzip, gzip", zeros), false},
		{"gzip in zstd in br", plain, "gzip, zstd, br", pack(t, "gzip, zstd, br", zeros), false},
		{"deflate", plain, "deflate", pack(t, "deflate", zeros), false},
		{"br", plain, "br", pack(t, "br", zeros), false},
		{"zstd", plain, "zstd", pack(t, "zstd", zeros), false},
		{"zstd with a window of 1 GiB", plain, "zstd", "\x28\xb5\x2f\xfd\x00\xa0\xc9\x00\x00" + stored, false},
		{"zstd of 2^63 bytes", plain, "zstd", "\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\x7f\xc9\x00\x00" + stored, false},
		{"zstd with skipped frames", plain, "zstd", strings.Repeat("\x50\x2a\x4d\x18\x00\x00\x00\x00", 1<<17) + pack(t, "zstd", stored), true},
		{"gzip of empty members", plain, "gzip", strings.Repeat(empty, 1<<15) + pack(t, "gzip", stored), true},
		{"gzip with an endless name", plain, "gzip", "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff" + strings.Repeat(stored, 1<<15), false},
		{"deflate of empty blocks", plain, "deflate", "\x78\x9c" + strings.Repeat("\x00\x00\x00\xff\xff", 1<<18) + "\x01\x19\x00\xe6\xff" + stored + string(adler), true},
		{"too many codings", plain, strings.Repeat("gzip, ", 10_000), pack(t, "gzip", stored), false},
		{"unknown coding", plain, "compress", stored, false},
		{"mislabelled", plain, "", pack(t, "gzip", stored), false},
		{"labelled and not packed", plain, "gzip", stored, false},
		{"gzip in gzip, once labelled", plain, "gzip", pack(t, "gzip, gzip", stored), false},
		{"two types", plain + "\r\nContent-Type: text/plain; charset=utf-16", "", stored, false},
		{"unknown charset", "text/plain; charset=ebcdic-x", "", stored, false},
		{"half a UTF-16 character", "text/plain; charset=utf-16le", "", stored, false},
		{"multipart with an endless header", form, "", "--b\r\nX: " + strings.Repeat(stored, 1<<14), false},
		{"multipart with endless fields", form, "", "--b\r\n" + strings.Repeat("X: "+stored+"\r\n", 1<<14), false},
		{"multipart of empty parts", form, "", strings.Repeat("--b\r\nContent-Type: image/png\r\n\r\n\r\n", 1<<12) + "--b\r\n\r\n" + stored + "\r\n--b--", true},
		{"events in an endless line", "text/event-stream", "", "data: " + strings.Repeat("a line ", 1<<18) + stored + "\n\n", true},
		{"events of many choices", "text/event-stream", "", choices.String(), true},
		{"nested JSON", "application/json", "", strings.Repeat(`[`, 1_000_000) + `"` + stored + `"`, true},
		{"nested JSON strings", "application/json", "", strings.Repeat(`{"a":"`, 100_000) + stored, true},
		{"nested JSON in an event", "text/event-stream", "", "data: " + strings.Repeat(`[`, 60_000) + stored + "\n\n", true},
		{"encoded text without end", plain, "", strings.Repeat("aGVsbG8gd29ybGQ%3d\\u0041&amp;", 1<<14) + stored, true},
		{"a secret begun again and again", plain, "", strings.Repeat(stored[:7], 1<<15) + stored, true},
		{"gRPC of 4 GiB", grpc, "", "\x00\xff\xff\xff\xff" + strings.Repeat(stored, 1<<14), false},
		{"gRPC of 4 GiB, packed", grpc, "gzip", "\x01\xff\xff\xff\xff" + strings.Repeat(stored, 1<<14), false},
		{"gRPC of a bomb", grpc, "", packedMessage(pack(t, "gzip", zeros)), false},
		{"gRPC of empty messages", grpc, "", strings.Repeat("\x00\x00\x00\x00\x00", 1<<17) + "\x00\x00\x00\x00\x19" + stored, true},
	}
}

// packedMessage returns a gRPC message that is packed.
func packedMessage(packed string) string {
	return string(binary.BigEndian.AppendUint32([]byte{1}, uint32(len(packed)))) + packed
}

// header returns the fields that tell of a bomb.
func (b *bomb) header() string {
	h := "Content-Type: " + b.contentType + "\r\n"
	switch {
	case b.contentType == "application/grpc":
		h += "Grpc-Encoding: gzip\r\n"
	case b.coding != "":
		h += "Content-Encoding: " + b.coding + "\r\n"
	}
	return h
}

// watchHeap holds that the heap stays under a bound while the test runs.
func watchHeap(t *testing.T, bound uint64) {
	runtime.GC()
	stop, stopped := make(chan bool), make(chan uint64)
	read := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	go func() {
		peak := uint64(0)
		for {
			peak = max(peak, read())
			select {
			case <-stop:
				stopped <- peak
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		peak := <-stopped
		runtime.GC()
		t.Logf("heap: %d MiB at most, %d MiB after", peak>>20, read()>>20)
		if peak > bound {
			t.Errorf("the heap had %d MiB, more than %d", peak>>20, bound>>20)
		}
	})
}

const mostHeap = 128 << 20

// TestBombsDown has an API that sends bombs: refused where they can be judged before
// the header leaves, else cut off.
func TestBombsDown(t *testing.T) {
	f := newField(t, nil)
	all := bombs(t)
	watchHeap(t, mostHeap)
	for _, b := range all {
		for _, framing := range []string{"length", "chunks"} {
			t.Run(b.name+" by "+framing, func(t *testing.T) {
				start := "HTTP/1.1 200 OK\r\n" + b.header()
				p := says(start+fmt.Sprintf("Content-Length: %d\r\n\r\n", len(b.text)), b.text)
				if framing == "chunks" {
					p = says(start+fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", len(b.text)), b.text, "\r\n0\r\n\r\n")
				}
				a := f.ask(t, p)
				switch {
				case a.status == 502 && !a.cut, a.cut: // also before a byte of the header
					if b.whole {
						t.Errorf("%d %.200q cut: %v", a.status, a.body, a.cut)
					}
				case a.status == 200 && b.whole:
				default:
					t.Errorf("%d %.200q cut: %v", a.status, a.body, a.cut)
				}
				f.healthy(t)
			})
		}
	}
}

// TestBombsUp has clients that send them.
func TestBombsUp(t *testing.T) {
	f := newField(t, nil)
	all := bombs(t)
	watchHeap(t, mostHeap)
	for _, b := range all {
		for _, framing := range []string{"length", "chunks"} {
			t.Run(b.name+" by "+framing, func(t *testing.T) {
				request := "POST % HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + b.header()
				if framing == "length" {
					request += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(b.text), b.text)
				} else {
					request += fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(b.text), b.text)
				}
				a := f.asks(t, request, says(ok+"Content-Length: 25\r\n\r\n"+stored))
				want := "400 413 415"
				if b.whole {
					want = "200"
				}
				if !a.among(want) || a.cut {
					t.Errorf("%d %.200q cut: %v", a.status, a.body, a.cut)
				}
				f.healthy(t)
			})
		}
	}
}
