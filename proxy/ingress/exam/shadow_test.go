package exam_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy"
)

// findings gathers what is reported.
type findings struct {
	mu  sync.Mutex
	all []string
}

func (f *findings) add(r *proxy.Redaction) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := ""
	if r.Finding.Known != nil {
		id = r.Finding.Known.ID
	}
	f.all = append(f.all, fmt.Sprintf("%s: %s %s at %d-%d: %s", r.Source.String(), r.Finding.Rule.ID, id, r.Finding.Secret.Start, r.Finding.Secret.End, r.Decision.Action))
}

// take returns what was reported since the last call, in an order that does not depend
// on when.
func (f *findings) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.all
	f.all = nil
	slices.SortFunc(all, cmp.Compare)
	return all
}

// exchange is all that can be seen of one: what the API got, and what the client.
type exchange struct {
	Target          string
	Sent            http.Header
	SentBody        string
	Status          int
	Header, Trailer http.Header
	Length          int64
	Body            string
}

// seen leaves out what is of the connection, not of the message.
func seen(got *arrival, out *outcome) exchange {
	x := exchange{
		got.target, got.header.Clone(), string(got.body),
		out.StatusCode, out.Header.Clone(), out.Trailer, out.ContentLength, string(out.body),
	}
	for name := range x.Sent {
		if strings.HasPrefix(name, "X-Forwarded-") || name == ticketField {
			delete(x.Sent, name)
		}
	}
	for _, name := range []string{"Connection", "Date"} {
		delete(x.Header, name)
	}
	return x
}

// stage is an API with an ingress that redacts before it, and one that only looks.
type stage struct {
	api             *api
	buffer          int
	redacts, shadow *front
	said            findings
}

func newStage(t *testing.T, all []kind, buffer int) *stage {
	s := &stage{api: newAPI(t), buffer: buffer}
	base := setup{upstream: s.api.URL, buffer: buffer, decider: newDecider(t, time.Now), known: knownOf(told(all)), report: s.said.add}
	s.redacts = base.serve(t)
	base.change = func(cfg *config.Ingress) { cfg.Shadow = true }
	s.shadow = base.serve(t)
	return s
}

// TestShadow asks the questions of the product directly, through an ingress in shadow,
// and through one that redacts. In shadow nothing is another than directly, so that
// the judge finds every leak, and what is reported is the same as by the one that
// redacts.
func TestShadow(t *testing.T) {
	t.Parallel()
	all := kinds(2)
	for i, buffer := range []int{holding, passing} {
		s := newStage(t, all, buffer)
		for n, q := range questions(all, transfers([]way{{client: plainClient(t)}}), 1) {
			if full() || n%2 == i {
				s.compare(t, &q)
			}
		}
	}
}

// compare asks a question in three ways.
func (s *stage) compare(t *testing.T, q *question) {
	client := q.way.client
	ask := func(f *front) (exchange, *sighting, []string) {
		q.way = &way{client: client, front: f, held: f != s.redacts || s.buffer == holding}
		sighting, err := q.ask(s.api)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		return seen(sighting.got, sighting.out), sighting, s.said.take()
	}
	want, _, _ := ask(&front{url: s.api.URL})
	got, passed, reported := ask(s.shadow)
	_, redacted, found := ask(s.redacts)
	if !gocmp.Equal(want, got) {
		t.Errorf("%s: shadow changes something", q)
	}
	if diff := gocmp.Diff(found, reported); diff != "" {
		t.Errorf("%s: (-redacting +shadow)\n%s", q, diff)
	}
	if err := redacted.judge(); err != nil {
		t.Errorf("%s: %v", q, err)
	}
	if q.place.at == reason {
		return // net/http knows no other than the standard one
	}
	if len(reported) == 0 {
		t.Errorf("%s: nothing is reported", q)
	}
	if !q.place.goes && passed.judge() == nil {
		t.Errorf("%s: the judge does not see that nothing is redacted", q)
	}
}

// oddities are exchanges that an ingress does not pass as they are, each with the
// status that it answers otherwise.
var oddities = []struct {
	name    string
	request func(*http.Request)
	answer  answer
	status  int
}{
	{"a range", func(r *http.Request) { r.Header["Range"] = []string{"bytes=0-9"} },
		answer{status: 206, header: http.Header{"Content-Range": {"bytes 0-9/99"}, "Content-Type": {plain}}, chunks: [][]byte{[]byte("0123456789")}}, 206},
	{"codings that we do not know", func(r *http.Request) { r.Header["Accept-Encoding"] = []string{"compress, gzip;q=0.5"} },
		answer{status: 200, header: http.Header{"Content-Encoding": {"compress"}}, chunks: [][]byte{[]byte("who knows")}}, 502},
	{"no gzip", nil, answer{status: 200, header: http.Header{"Content-Encoding": {"gzip"}}, chunks: [][]byte{[]byte("plain"), []byte("text")}}, 502},
	{"half of gzip", nil, answer{status: 200, header: http.Header{"Content-Encoding": {"gzip"}}, chunks: pieces(gzipped(5)[:3000], func() int { return 100 })}, 502},
	{"gzip that is not told", nil, answer{status: 200, header: http.Header{"Content-Type": {plain}}, chunks: [][]byte{gzipped(7)}}, 502},
	{"a charset that nobody knows", nil, answer{status: 200, header: http.Header{"Content-Type": {"text/plain; charset=klingon"}}, chunks: [][]byte{[]byte("nuqneH")}}, 502},
	{"a request that nobody can read", func(r *http.Request) { r.Header["Content-Encoding"] = []string{"compress"} },
		answer{status: 200, chunks: [][]byte{[]byte("thanks")}}, 415},
}

// gzipped is much text that does not shrink much.
func gzipped(seed uint64) []byte {
	text, err := codings[1].encode([]byte(random(rand.New(rand.NewPCG(seed, 1)), alnum, 200<<10)))
	if err != nil {
		panic(err)
	}
	return text
}

// TestShadowOfOddities holds that shadow passes on what would be refused.
func TestShadowOfOddities(t *testing.T) {
	for _, buffer := range []int{holding, passing} {
		s := newStage(t, kinds(3), buffer)
		client := plainClient(t)
		ask := func(url string, i int) (exchange, int, error) {
			r := newRequest(url+"/x?id=7", []byte("who am I"))
			r.Header["Accept-Encoding"] = []string{"gzip"}
			if change := oddities[i].request; change != nil {
				change(r)
			}
			got, out, err := s.api.ask(client, r, &oddities[i].answer)
			if err != nil {
				return exchange{}, 0, err
			}
			return seen(got, out), out.StatusCode, nil
		}
		for i := range oddities {
			name := oddities[i].name
			want, _, err := ask(s.api.URL, i)
			if err != nil {
				t.Fatal(name, err)
			}
			got, _, err := ask(s.shadow.url, i)
			if diff := gocmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", name, err, diff)
			}
			if redacted, status, err := ask(s.redacts.url, i); err == nil && (status != oddities[i].status || gocmp.Equal(want, redacted)) {
				t.Errorf("%s: it passes, with %d, where it must not", name, status)
			}
		}
	}
}
