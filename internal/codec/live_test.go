package codec_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/stanch-dev/stanch/internal/codec"
)

func rawDeflate(w io.Writer) io.WriteCloser {
	z, err := flate.NewWriter(w, flate.DefaultCompression)
	if err != nil {
		panic(err)
	}
	return z
}

// memberwise writes one gzip member for each Flush.
type memberwise struct {
	*gzip.Writer
	w io.Writer
}

func (m memberwise) Flush() error {
	err := m.Close()
	m.Reset(m.w)
	return err
}

// flushers are writers of others and, for each coding, our own.
func flushers(t *testing.T) map[string]func(io.Writer) codec.Writer {
	all := map[string]func(io.Writer) codec.Writer{
		"gzip/standard": func(w io.Writer) codec.Writer { return gzip.NewWriter(w) },
		"gzip/members":  func(w io.Writer) codec.Writer { return memberwise{gzip.NewWriter(w), w} },
		"deflate/zlib":  func(w io.Writer) codec.Writer { return zlib.NewWriter(w) },
		"deflate/raw":   func(w io.Writer) codec.Writer { return rawDeflate(w).(codec.Writer) },
		"br/default":    func(w io.Writer) codec.Writer { return brotli.NewWriter(w) },
		"zstd/default": func(w io.Writer) codec.Writer {
			z, err := zstd.NewWriter(w)
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
	}
	for _, coding := range append(realCodings(), "gzip, br", "zstd, zstd") {
		all[coding+"/ours"] = chainOf(t, coding).NewWriter
	}
	return all
}

// tap is a source that must not be read while it is dry, as if the peer sent nothing
// before it has its answer.
type tap struct {
	bytes.Buffer
	closed bool
}

func (s *tap) Read(p []byte) (int, error) {
	if s.Len() == 0 && !s.closed {
		return 0, errors.New("waits for more than it needs")
	}
	return s.Buffer.Read(p)
}

// TestLive sends events of which each must come out before anything more goes in.
func TestLive(t *testing.T) {
	for name, newWriter := range flushers(t) {
		coding, _, _ := strings.Cut(name, "/")
		for _, buffer := range []int{1, 7, 4096} {
			t.Run(fmt.Sprintf("%s/%d", name, buffer), func(t *testing.T) {
				live(t, chainOf(t, coding), newWriter, buffer)
			})
		}
	}
}

func live(t *testing.T, chain codec.Chain, newWriter func(io.Writer) codec.Writer, buffer int) {
	var src tap
	w, r := newWriter(&src), chain.NewReader(&src, codec.Limits{})
	defer r.Close()
	for i, event := range [][]byte{[]byte("data: 1\n\n"), []byte("d"), prose(5000), []byte("data: 2\n\n"), noise(70_000), []byte("data: 2\n\n")} {
		if _, err := w.Write(event); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		var got []byte
		for len(got) < len(event) {
			p := make([]byte, min(buffer, len(event)-len(got)))
			n, err := r.Read(p)
			if err != nil {
				t.Fatalf("event %d after %d of %d bytes: %v", i, len(got), len(event), err)
			}
			got = append(got, p[:n]...)
		}
		if !bytes.Equal(got, event) {
			t.Fatalf("event %d is another", i)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	src.closed = true
	if n, err := r.Read(make([]byte, 10)); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d bytes, %v", n, err)
	}
}

// TestLivePipe is the same through a real pipe, where reader and writer are apart.
func TestLivePipe(t *testing.T) {
	for _, coding := range realCodings() {
		pr, pw := io.Pipe()
		arrived := make(chan bool)
		go func() {
			w := chainOf(t, coding).NewWriter(pw)
			for range 3 {
				io.WriteString(w, "data: event\n\n")
				w.Flush()
				<-arrived
			}
			pw.CloseWithError(w.Close())
		}()
		r := chainOf(t, coding).NewReader(pr, codec.Limits{})
		for range 3 {
			event := make([]byte, len("data: event\n\n"))
			if _, err := io.ReadFull(r, event); err != nil || string(event) != "data: event\n\n" {
				t.Fatalf("%s: %q, %v", coding, event, err)
			}
			arrived <- true
		}
		if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
			t.Errorf("%s: %q, %v", coding, rest, err)
		}
		r.Close()
	}
}

// TestPools has many bodies in all codings at once, some given up half way, some
// closed twice. A decoder or encoder that two of them share would show.
func TestPools(t *testing.T) {
	codings := append(realCodings(), "gzip, br", "zstd, gzip")
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			for round := range 60 {
				chain := chainOf(t, codings[(worker+round)%len(codings)])
				body := bytes.Repeat(fmt.Appendf(nil, "worker %d in round %d. ", worker, round), 100+10*round)
				var packed bytes.Buffer
				w := chain.NewWriter(&packed)
				w.Write(body[:len(body)/2])
				w.Flush()
				w.Write(body[len(body)/2:])
				w.Close()
				w.Close()
				r := chain.NewReader(&packed, codec.Limits{})
				got := make([]byte, len(body))
				want := len(body)
				if round%3 == 0 {
					want /= 3
				}
				if _, err := io.ReadFull(r, got[:want]); err != nil || !bytes.Equal(got[:want], body[:want]) {
					t.Errorf("worker %d, round %d: another body, %v", worker, round, err)
				}
				r.Close()
				r.Close()
			}
		})
	}
	all.Wait()
}

// stalled gives its first part, then says that it is waiting and gives the rest when it
// is let go on.
type stalled struct {
	parts         [][]byte
	waiting, goOn chan bool
}

func (s *stalled) Read(p []byte) (int, error) {
	if len(s.parts) == 1 {
		s.waiting <- true
		<-s.goOn
	}
	if len(s.parts) == 0 {
		return 0, io.EOF
	}
	part := s.parts[0]
	s.parts = s.parts[1:]
	return copy(p, part), nil
}

// TestCloseDuringRead closes a body while a Read waits for its source, as transports
// do. The decoder must not serve another body before that Read is over.
func TestCloseDuringRead(t *testing.T) {
	for _, coding := range realCodings() {
		chain := chainOf(t, coding)
		body := prose(8 << 10)
		packed := encoded(t, chain, body)
		half := len(packed) / 2
		for range 10 {
			src := &stalled{parts: [][]byte{packed[:half], packed[half:]}, waiting: make(chan bool), goOn: make(chan bool)}
			stuck, done := chain.NewReader(src, codec.Limits{}), make(chan error)
			go func() {
				_, err := io.Copy(io.Discard, stuck)
				done <- err
			}()
			<-src.waiting
			stuck.Close()

			r := chain.NewReader(bytes.NewReader(packed), codec.Limits{})
			got := make([]byte, len(body)/2)
			if _, err := io.ReadFull(r, got); err != nil {
				t.Error(err)
			}
			close(src.goOn)
			if err := <-done; !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s: the read under way went on: %v", coding, err)
			}
			rest, err := io.ReadAll(r)
			if got = append(got, rest...); err != nil || !bytes.Equal(got, body) {
				t.Errorf("%s: %d bytes of %d, %v", coding, len(got), len(body), err)
			}
			r.Close()
		}
	}
}
