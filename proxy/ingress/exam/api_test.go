package exam_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// ticketField is the field by which the API knows what to answer.
const ticketField = "X-Exam-Ticket"

// api answers what it is told to.
type api struct {
	*httptest.Server
	last    atomic.Int64
	tickets sync.Map // of *ticket, by name
}

type ticket struct {
	answer *answer
	got    arrival
}

// answer is what the API answers.
type answer struct {
	status  int
	reason  string // instead of the standard one; only over HTTP/1.1
	header  http.Header
	chunks  [][]byte // each is sent by itself; one alone with its length unless there is a trailer
	trailer http.Header
}

// arrival is what the API has got.
type arrival struct {
	target string
	header http.Header
	body   []byte
}

// outcome is what the client has got.
type outcome struct {
	*http.Response
	body []byte // as it came, in its coding
}

// newAPI serves HTTP/1.1 and h2c until the test ends.
func newAPI(tb testing.TB) *api {
	a := &api{}
	a.Server = httptest.NewUnstartedServer(http.HandlerFunc(a.serve))
	a.Config.Protocols = new(http.Protocols)
	a.Config.Protocols.SetHTTP1(true)
	a.Config.Protocols.SetUnencryptedHTTP2(true)
	a.Start()
	tb.Cleanup(a.Close)
	return a
}

func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	value, ok := a.tickets.Load(r.Header.Get(ticketField))
	if !ok {
		http.Error(w, "there is no such ticket", http.StatusNotFound)
		return
	}
	t := value.(*ticket)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	t.got = arrival{r.RequestURI, r.Header.Clone(), body}
	if t.answer.reason != "" {
		t.answer.sayWithReason(w)
		return
	}
	t.answer.say(w)
}

func (a *answer) say(w http.ResponseWriter) {
	header := w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	for name := range a.trailer {
		header.Add("Trailer", name)
	}
	if len(a.chunks) == 1 && len(a.trailer) == 0 {
		header.Set("Content-Length", strconv.Itoa(len(a.chunks[0])))
	}
	w.WriteHeader(a.status)
	control := http.NewResponseController(w)
	for _, chunk := range a.chunks {
		_, err := w.Write(chunk)
		if err == nil && len(a.chunks) > 1 {
			err = control.Flush()
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	for name, values := range a.trailer {
		header[name] = values
	}
}

// sayWithReason writes HTTP/1.1 by hand.
func (a *answer) sayWithReason(w http.ResponseWriter) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	fmt.Fprintf(rw, "HTTP/1.1 %d %s\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n", a.status, a.reason)
	_ = a.header.Write(rw)
	fmt.Fprint(rw, "\r\n")
	for _, chunk := range a.chunks {
		fmt.Fprintf(rw, "%x\r\n%s\r\n", len(chunk), chunk)
		_ = rw.Flush()
	}
	fmt.Fprint(rw, "0\r\n\r\n")
	_ = rw.Flush()
}

// ask sends a request for an answer, and returns what arrived on both sides.
func (a *api) ask(client *http.Client, r *http.Request, says *answer) (*arrival, *outcome, error) {
	name := strconv.FormatInt(a.last.Add(1), 10)
	t := &ticket{answer: says}
	a.tickets.Store(name, t)
	defer a.tickets.Delete(name)
	r.Header.Set(ticketField, name)
	resp, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return &t.got, &outcome{resp, body}, err
}

// chunking is a way to cut content.
type chunking struct {
	name string
	cut  func(text []byte, rng *rand.Rand) [][]byte
}

var chunkings = []chunking{
	{"whole", func(text []byte, _ *rand.Rand) [][]byte { return [][]byte{text} }},
	{"every byte", func(text []byte, _ *rand.Rand) [][]byte { return pieces(text, func() int { return 1 }) }},
	{"random", func(text []byte, rng *rand.Rand) [][]byte {
		return pieces(text, func() int { return 1 + rng.IntN(24) })
	}},
}

func pieces(text []byte, length func() int) (all [][]byte) {
	for len(text) > 0 {
		n := min(length(), len(text))
		all, text = append(all, text[:n]), text[n:]
	}
	return all
}
