package exam_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/exam/leak/check"
	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// sampled is how many transfers each secret at each place is asked with, unless
// STANCH_EXAM=full takes all.
const sampled = 2

// question is a point of the product.
type question struct {
	place    *place
	template string
	kind     *kind
	transfer
}

// transfer is how a message is sent.
type transfer struct {
	coding   *coding
	chunking *chunking
	way      *way
}

func (q *question) String() string {
	return fmt.Sprintf("%s / %s / %s / %s / %s", q.place.name, q.kind.name, q.coding.name, q.chunking.name, q.way.name)
}

// transfers are all of them, mixed.
func transfers(ways []way) (all []transfer) {
	for c := range codings {
		for k := range chunkings {
			for w := range ways {
				all = append(all, transfer{&codings[c], &chunkings[k], &ways[w]})
			}
		}
	}
	rand.New(rand.NewPCG(6, 6)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func full() bool { return os.Getenv("STANCH_EXAM") == "full" }

// questions are those of the exam: each secret at each place that takes it, with some
// transfers, or with all.
func questions(all []kind, transfers []transfer, some int) (list []question) {
	next := 0
	for p := range places {
		for k := range all {
			template, ok := places[p].takes(&all[k])
			if !ok {
				continue
			}
			for range some {
				list = append(list, question{&places[p], template, &all[k], transfers[next%len(transfers)]})
				next++
			}
		}
	}
	return list
}

// TestProduct asks for each kind of secret at each place of a message, in each coding,
// however it is cut, over each protocol.
func TestProduct(t *testing.T) {
	t.Parallel()
	all := kinds(1)
	a := newAPI(t)
	ways := newWays(t, a, setup{decider: newDecider(t, time.Now), known: knownOf(told(all))})
	every := transfers(ways)
	some := sampled
	if full() {
		some = len(every)
	}
	list := questions(all, every, some)
	next := make(chan *question)
	var workers sync.WaitGroup
	for range 4 * runtime.GOMAXPROCS(0) { // most of the time is spent on waiting
		workers.Go(func() {
			for q := range next {
				s, err := q.ask(a)
				if err == nil {
					err = s.judge()
				}
				if err != nil {
					t.Errorf("%s: %v", q, err)
				}
			}
		})
	}
	for i := range list {
		next <- &list[i]
	}
	close(next)
	workers.Wait()
	t.Logf("%d exchanges", len(list))
	for i := range ways {
		if log := ways[i].front.access.String(); holds(log, all) {
			t.Errorf("%s: there is a secret in the access log", ways[i].name)
		}
	}
}

// holds reports whether one of the secrets stands in text as it is.
func holds(text string, all []kind) bool {
	for i := range all {
		for _, secret := range all[i].secrets() {
			if strings.Contains(text, secret[:12]) {
				return true
			}
		}
	}
	return false
}

// ordinary is content without a secret.
const ordinary = `{"id":7,"user":"ada","note":"nothing to see here, and nothing to hide"}`

// sighting is what was sent for a question, and what arrived of it.
type sighting struct {
	*question
	in      written // at the place of the secret
	says    *answer
	encoded []byte // its content
	sent    string // by the client, to arrive as it is
	got     *arrival
	out     *outcome
	decoded string // content that came
}

// ask has a client send a message and an API answer it.
func (q *question) ask(a *api) (s *sighting, err error) {
	rng := rand.New(rand.NewPCG(uint64(len(q.place.name)), uint64(len(q.kind.value))))
	s = &sighting{question: q, in: write(q.place.form, q.template, q.kind, q.place.escape)}
	text := ordinary
	if q.place.at == content {
		text = s.in.String()
	}
	if s.encoded, err = q.coding.encode([]byte(text)); err != nil {
		return nil, err
	}
	s.says = q.answer(s.in.String(), q.chunking.cut(s.encoded, rng))
	request, sent := q.request(s.in.String())
	s.sent = sent
	if s.got, s.out, err = a.ask(q.way.client, request, s.says); err != nil {
		return nil, err
	}
	decoded, err := q.coding.decode(s.out.body)
	if err != nil {
		return nil, fmt.Errorf("content of %d bytes for %d: %w", len(s.out.body), len(s.encoded), err)
	}
	s.decoded = string(decoded)
	return s, nil
}

// judge says what is wrong.
func (s *sighting) judge() error {
	return errors.Join(s.framed(), s.complete(), s.judgeText(s.place.at.of(s)))
}

// answer is what the API answers.
func (q *question) answer(text string, chunks [][]byte) *answer {
	says := &answer{status: q.place.status, header: http.Header{"Content-Type": {q.place.type_}}, chunks: chunks}
	if says.status == 0 {
		says.status = http.StatusOK
	}
	if q.place.at != content {
		says.header.Set("Content-Type", jsons)
	}
	if q.coding.name != "" {
		says.header.Set("Content-Encoding", q.coding.name)
	}
	switch q.place.at.part {
	case "header":
		says.header[q.place.at.name] = []string{text}
	case "trailer":
		says.trailer = http.Header{q.place.at.name: {text}}
	case "reason":
		if !q.way.h2c {
			says.reason = text
		}
	}
	return says
}

// request is what the client sends, and the text in it that must arrive as it is.
func (q *question) request(text string) (r *http.Request, sent string) {
	path, body := "/v1/orders?id=7", []byte(nil)
	if q.place.at == target {
		path = text
	}
	if q.place.sent != "" {
		sent = write(q.place.sent, q.template, q.kind, q.place.escapeIn).String()
	}
	if q.place.presented == content {
		body = []byte(sent)
	}
	r = newRequest(q.way.front.url+path, body)
	if q.place.presented.part == "header" {
		r.Header[q.place.presented.name] = []string{sent}
	}
	if len(body) > 0 {
		r.Header.Set("Content-Type", jsons)
	}
	return r, sent
}

// framed judges status and framing.
func (s *sighting) framed() error {
	out := s.out
	if out.StatusCode != s.says.status || out.ProtoMajor == 2 != s.way.h2 {
		return fmt.Errorf("it is answered by %d over %s", out.StatusCode, out.Proto)
	}
	for _, name := range []string{"Content-Type", "Content-Encoding"} {
		if got := out.Header.Get(name); got != s.says.header.Get(name) {
			return fmt.Errorf("%s is %q", name, got)
		}
	}
	chunked := len(out.TransferEncoding) == 1 && out.TransferEncoding[0] == "chunked"
	switch {
	case out.ContentLength >= 0 && out.ContentLength != int64(len(out.body)):
		return fmt.Errorf("the length is %d of %d bytes", out.ContentLength, len(out.body))
	case out.ContentLength < 0 && !s.way.h2 && !chunked:
		return errors.New("it has neither a length nor chunks")
	case out.ContentLength < 0 && s.keepsLength():
		return errors.New("it had a length, and all of it was known before the header left")
	case s.place.at != content && (s.way.held || s.coding.name == "") && !bytes.Equal(out.body, s.encoded):
		return errors.New("content without a secret has changed")
	}
	return nil
}

// keepsLength reports whether the answer has a length, and must have one after us.
func (s *sighting) keepsLength() bool {
	if len(s.says.chunks) > 1 || s.says.trailer != nil || s.says.reason != "" || s.place.type_ == "text/event-stream" {
		return false
	}
	return s.way.held || s.place.sized && s.coding.name == ""
}

// complete judges what surrounds the place of the secret.
func (s *sighting) complete() error {
	out := s.out
	switch {
	case s.place.at != content && s.decoded != ordinary:
		return errors.New("content without a secret has changed")
	case s.place.at == target && out.Header.Get("Referrer-Policy") != "no-referrer":
		return errors.New("the referrer is not kept back")
	case s.place.presented.part == "header" && s.got.header.Get(s.place.presented.name) != s.sent,
		s.place.presented == content && string(s.got.body) != s.sent:
		return errors.New("what the client presents does not arrive as it was sent")
	}
	var around bytes.Buffer
	fmt.Fprintln(&around, out.Status)
	_ = out.Header.Write(&around)
	_ = out.Trailer.Write(&around)
	around.WriteString(s.decoded)
	if !s.place.goes && holds(around.String(), []kind{*s.kind}) {
		return errors.New("the secret stands somewhere in the response")
	}
	return nil
}

// placeholder is what may stand for a secret.
var placeholder = regexp.MustCompile(`^(?:\[REDACTED:[^\]]+\]|%5BREDACTED%3A[\w.%-]+%5D|\*+)$`)

// judgeText judges the text at the place of the secret.
func (s *sighting) judgeText(text string) error {
	in := s.in
	if s.place.at == reason {
		if text != standard {
			return errors.New("the reason phrase is not the standard one")
		}
		return nil
	}
	if s.place.goes {
		if text != in.String() {
			return errors.New("what is meant for the client has changed")
		}
		return nil
	}
	v := vector.Vector{Vanish: s.kind.secrets(), Input: []byte(s.place.at.as(in.String())), Parse: s.place.parse}
	if result := check.Check(&v, []byte(s.place.at.as(text))); !result.Passed() {
		return fmt.Errorf("%+v", result)
	}
	middle, ok := strings.CutPrefix(text, in.before)
	middle, ended := strings.CutSuffix(middle, in.after)
	switch {
	case !ok || !ended:
		return errors.New("what stands around the secret has changed")
	case !placeholder.MatchString(middle):
		return fmt.Errorf("%d bytes that are no placeholder stand for the secret", len(middle))
	case s.place.sized && len(middle) != len(in.secret):
		return fmt.Errorf("%d bytes stand for %d", len(middle), len(in.secret))
	}
	return nil
}
