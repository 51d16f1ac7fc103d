package exam_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/exam/leak/check"
	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/ingress"
	"github.com/stanch-dev/stanch/proxy/logs"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// leastPassed is how many of the published vectors must be passed. Every one that the
// filter of logs passes is among them; the two that are not the filter's are UTF-16,
// which HTTP has a name for.
const leastPassed = 483

// contentTypes are those of the formats of vectors that have one.
var contentTypes = map[string]string{
	"text": "text/plain; charset=utf-8", "url": "text/plain; charset=utf-8", "cri": "text/plain; charset=utf-8",
	"utf-16": "text/plain; charset=utf-16", "jsonl": "application/x-ndjson", "sse": "text/event-stream",
	"csv": "text/csv", "xml": "application/xml", "yaml": "application/yaml", "multipart": "multipart/form-data; boundary=f2c91b7e",
}

// TestVectors has every vector as the content of a response: held back as a whole, and
// redacted as it passes.
func TestVectors(t *testing.T) {
	t.Parallel()
	vectors, err := vector.Load(os.DirFS(filepath.FromSlash("../../../scanner/testdata/vectors")))
	if err != nil {
		t.Fatal(err)
	}
	var passed, filtered atomic.Int64
	next := make(chan *vector.Vector)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		c := newCandidate(t)
		workers.Go(func() {
			for v := range next {
				here, there := c.judge(t, v)
				passed.Add(here)
				filtered.Add(there)
			}
		})
	}
	for i := range vectors {
		next <- &vectors[i]
	}
	close(next)
	workers.Wait()
	t.Logf("%d of %d vectors are passed; by the filter of logs, %d", passed.Load(), len(vectors), filtered.Load())
	if n := passed.Load(); n < leastPassed {
		t.Errorf("%d vectors are passed; it must be %d at least", n, leastPassed)
	}
}

// candidate is an API behind two ingresses, which are told for each vector what it
// says is known.
type candidate struct {
	api    *api
	client *http.Client
	setups [2]setup
	fronts [2]*front
}

func newCandidate(t *testing.T) *candidate {
	c := &candidate{api: newAPI(t), client: plainClient(t)}
	for i, buffer := range []int{holding, passing} {
		c.setups[i] = setup{upstream: c.api.URL, buffer: buffer, decider: newDecider(t, time.Now)}
		c.fronts[i] = c.setups[i].serve(t)
	}
	return c
}

// judge tells how many vectors are passed through HTTP, and through the filter of logs.
func (c *candidate) judge(t *testing.T, v *vector.Vector) (here, there int64) {
	held, filtered := c.through(t, 0, v), filter(t, v)
	if !bytes.Equal(held, c.through(t, 1, v)) {
		t.Errorf("%s: it makes a difference whether the content is held back", v.ID)
	}
	result := check.Check(v, held)
	other := result
	if !bytes.Equal(held, filtered) {
		other = check.Check(v, filtered)
	}
	if other.Passed() && !result.Passed() {
		t.Errorf("%s: the filter of logs passes it, and here: %+v", v.ID, result)
	}
	return count(result), count(other)
}

func count(r check.Result) int64 {
	if r.Passed() {
		return 1
	}
	return 0
}

// through returns what a client gets of a vector.
func (c *candidate) through(t *testing.T, i int, v *vector.Vector) []byte {
	s, f := &c.setups[i], c.fronts[i]
	s.known = knownOf(v)
	if err := f.Reload(ingress.Parts{Filter: s.filter(t, f.cfg), Config: f.cfg}); err != nil {
		t.Error(err)
		return nil
	}
	says := &answer{status: http.StatusOK, header: http.Header{}, chunks: chunksOf(v)}
	if kind := contentTypes[v.Parse]; kind != "" {
		says.header.Set("Content-Type", kind)
	}
	_, out, err := c.api.ask(c.client, newRequest(f.url+"/", nil), says)
	if err != nil || out.StatusCode != http.StatusOK {
		t.Errorf("%s: %v %v", v.ID, out, err)
		return nil
	}
	return out.body
}

// filter returns what stanch filter makes of a vector.
func filter(t *testing.T, v *vector.Vector) []byte {
	s, err := motion()
	if err != nil {
		t.Error(err)
		return nil
	}
	f := proxy.New(s, redact.WithKey([redact.KeySize]byte{1}), proxy.Options{Carrier: "logs", Known: knownOf(v)})
	var out bytes.Buffer
	if _, err := logs.Copy(t.Context(), &out, bytes.NewReader(v.Input), f, logs.Options{Frames: true}); err != nil {
		t.Errorf("%s: %v", v.ID, err)
	}
	return out.Bytes()
}

// chunksOf cuts the input of a vector as it says.
func chunksOf(v *vector.Vector) [][]byte {
	next, length := v.Chunks, len(v.Input)
	return pieces(v.Input, func() int {
		if len(next) > 0 {
			length, next = next[0], next[1:]
		}
		return length
	})
}
