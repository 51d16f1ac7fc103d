package split_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/codec/split"
)

// tokenStream is a stream of events, and the texts that come token by token in it.
type tokenStream struct {
	name, body string
	texts      []string // from text 1 on
}

const tokenText = "the quick brown fox"

// stream writes an event for each byte of tokenText: event with %s for the byte.
func stream(event string) string {
	var b strings.Builder
	for _, c := range tokenText {
		b.WriteString(strings.ReplaceAll(event, "%s", string(c)))
	}
	return b.String()
}

func tokenStreams() []tokenStream {
	twice := []string{tokenText, tokenText}
	once := twice[:1]
	return []tokenStream{
		{"chat", stream(`data: {"id":"c-1","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}`+"\n\n") + "data: [DONE]\n\n", once},
		{"chat, two choices in turn", stream(`data: {"choices":[{"delta":{"content":"%s"},"index":0}]}` + "\n\n" + `data: {"choices":[{"delta":{"content":"%s"},"index":1}]}` + "\n\n"), twice},
		{"chat, two choices, alone and together", `data: {"choices":[{"index":1,"delta":{"content":"a"}}]}` + "\n" +
			`data: {"choices":[{"index":0,"delta":{"content":"x"}},{"index":1,"delta":{"content":"b"}}]}` + "\n", []string{"ab", "x"}},
		{"chat, content and refusal", stream(`data: {"choices":[{"delta":{"content":"%s","refusal":"%s"}}]}` + "\n\n"), twice},
		{"chat, tool calls", stream(`data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"%s"}},{"index":1,"function":{"arguments":"%s"}}]}}]}` + "\n\n"), twice},
		{"messages", stream("event: content_block_delta\r\n"+`data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}`+"\r\n\r\n") +
			`data: {"index":0,"type":"content_block_stop"}` + "\r\n\r\n" +
			stream(`data: {"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"%s"},"index":1}`+"\r\n\r\n"), twice},
		{"messages, an index again after its stop", `data:{"type":"content_block_delta","index":0,"delta":{"text":"a"}}` + "\n" +
			`data:{"type":"content_block_delta","index":1,"delta":{"text":"b"}}` + "\n" +
			`data:{"type":"content_block_stop","index":0}` + "\n" +
			`data:{"type":"content_block_delta","index":1,"delta":{"text":"c"}}` + "\n" +
			`data:{"type":"content_block_delta","index":0,"delta":{"text":"d"}}` + "\n", []string{"a", "bc", "d"}},
		{"responses", stream(`data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"%s"}` + "\n\n" +
			`data: {"type":"response.output_text.delta","delta":"%s","content_index":0,"output_index":1}` + "\n\n"), twice},
		{"responses, types in turn", stream(`data: {"type":"response.audio.delta","delta":"%s"}` + "\n\n" + `data: {"type":"response.audio.transcript.delta","delta":"%s"}` + "\n\n"), twice},
		{"no index", stream("data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"%s\"}]}}]}\r\r"), once},
		{"an index that counts events", `data: {"index":1,"token":{"text":"a"}}` + "\n" + `data: {"index":2,"token":{"text":"b"}}` + "\n", []string{"ab"}},
		{"list of contents", stream(`data: [{"choices":[{"delta":{"content":[{"type":"text","text":"%s"}]}}]}]` + "\n\n"), once},
		{"byte order mark, no last line end", "\xef\xbb\xbf" + `data: {"text":"a"}` + "\n" + `data:{"text":"b"}`, []string{"ab"}},
		{"escapes stay", `data: {"text":"a\"}\\"}` + "\n" + `data: {"text":"\u0041\n"}` + "\n", []string{`a\"}\\\u0041\n`}},
		{"a new text after the end", `data: {"text":"a"}` + "\n" + "data: [DONE]\n" + `data: {"text":"b"}` + "\n", []string{"a", "b"}},
		{"empty strings", `data: {"text":""}` + "\n" + `data: {"content":"a"}` + "\n", []string{"a"}},
	}
}

// malformedSSE are streams without a token.
var malformedSSE = []string{
	"",
	"\n\r\n\r",
	"data: the quick\ndata: brown fox\n",
	"data: {\"text\":\"a\"\n",
	"data: {\"text\":\"a\"}}\n",
	"data: {\"text\":\"a\",}\n",
	"data: {\"text\" \"a\"}\n",
	"data: {\"text\":\"a\\\"}\n",
	"data: {\"text\":\"a\"]\n",
	"data: {\"x\":}\n",
	"data: {text:\"a\"}\n",
	"data: \"text\"\n",
	"data: {\"text\":\"a\"} \x00\n",
	"data: {\"text\":null,\"delta\":{},\"content\":[\"a\"]}\n",
	"Data: {\"text\":\"a\"}\n",
	" data: {\"text\":\"a\"}\n",
	"event: {\"text\":\"a\"}\n",
	": {\"text\":\"a\"}\n",
	"data: " + strings.Repeat(`{"a":`, 40) + `{"text":"a"}` + strings.Repeat("}", 40) + "\n",
	"data: [" + strings.Repeat("[],", 600) + `{"text":"a"}]` + "\n",
	"data: [" + strings.Repeat(`{"text":"a"},`, 511) + `{"text":"a","content":"a","delta":"a"}]` + "\n",
}

func TestTokensAreJoined(t *testing.T) {
	for _, test := range tokenStreams() {
		got, err := takeApart(t, sampleBody("sse"), []byte(test.body))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		var texts []string
		for i := 1; i < len(got.Last); i++ {
			texts = append(texts, got.text(i))
		}
		if diff := cmp.Diff(test.texts, texts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		for _, r := range got.Runs {
			if r.Kind != split.Text {
				t.Errorf("%s: run %+v", test.name, r)
			}
		}
	}
}

func TestEventsWithoutTokens(t *testing.T) {
	for _, input := range malformedSSE {
		got, err := takeApart(t, sampleBody("sse"), []byte(input))
		if err != nil || got.text(0) != input {
			t.Errorf("%.60q: error %v, main text %.60q", input, err, got.text(0))
		}
	}
}

func TestEventParts(t *testing.T) {
	input := `data: {"delta":{"content":"a"},"text":"b"}` + "\n"
	got, err := takeApart(t, sampleBody("sse"), []byte(input))
	want := &taken{
		Runs: []run{
			{split.Text, 0, `data: {"delta":{"content":"`},
			{split.Text, 1, "a"},
			{split.Text, 0, `"},"text":"`},
			{split.Text, 2, "b"},
			{split.Text, 0, "\"}\n"},
		},
		Last: []int{1, 2, 0},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestTextEnds(t *testing.T) {
	for _, test := range []struct {
		name, then string
		last       int // texts that have ended after it
	}{
		{"other event", `data: {"type":"ping"}`, 0},
		{"done", "data: [DONE]", 2},
		{"done without space", "data:[DONE] ", 2},
		{"stop of a block", `data: {"type":"content_block_stop","index":1}`, 1},
		{"stop of another", `data: {"type":"content_block_stop","index":7}`, 0},
		{"stop of none", `data: {"type":"message_stop"}`, 0},
		{"done in a string", `data: {"x":"[DONE]"}`, 0},
	} {
		ended := 0
		s := sampleBody("sse").NewSplitter(func(p split.Part) error {
			if p.Last {
				ended++
			}
			return nil
		})
		for i := range 2 {
			fmt.Fprintf(writer{s}, `data: {"type":"content_block_delta","index":%d,"delta":{"text":"a"}}`+"\n", i)
		}
		fmt.Fprintln(writer{s}, test.then)
		if ended != test.last {
			t.Errorf("%s: %d texts ended, want %d", test.name, ended, test.last)
		}
	}
}

// writer makes an io.Writer of a splitter.
type writer struct{ split.Splitter }

func (w writer) Write(p []byte) (int, error) { return len(p), w.Splitter.Write(p) }

func TestOpenTextsAreCapped(t *testing.T) {
	var b strings.Builder
	for i := range 70 {
		fmt.Fprintf(&b, `data: {"x%d":{"text":"a"}}`+"\n", i)
	}
	b.WriteString(`data: {"x3":{"text":"b"}}` + "\n")
	b.WriteString("data: [DONE]\n")
	b.WriteString(`data: {"x69":{"text":"c"}}` + "\n")
	got, err := takeApart(t, sampleBody("sse"), []byte(b.String()))
	// x3 was text 4, which ended when the 68th came; now it is text 71.
	if err != nil || len(got.Last) != 73 || got.text(4) != "a" || got.text(70) != "a" || got.text(71) != "b" || got.text(72) != "c" {
		t.Errorf("%v; %d texts ended, texts 4, 70, 71, 72 are %q, %q, %q, %q", err, len(got.Last), got.text(4), got.text(70), got.text(71), got.text(72))
	}
}

func TestLongEvents(t *testing.T) {
	for _, test := range []struct {
		name string
		size int
		text string
	}{
		{"fits", 64 << 10, "a"},
		{"too long", 64<<10 + 1, ""},
		{"far too long", 200 << 10, ""},
	} {
		line := `data: {"text":"a","x":"`
		line += strings.Repeat("x", test.size-len(line)-2) + `"}`
		for _, end := range []string{"", "\n", "\r\n"} {
			input := []byte(line + end)
			next := []byte{}
			if end != "" {
				next = []byte(`data: {"content":"b"}`)
			}
			input = append(input, next...)
			for _, cuts := range [][]int{nil, {10}, {64<<10 - 1}, {64 << 10}, {len(line)}, {100, 64 << 10, len(line)}} {
				got, err := takeApart(t, sampleBody("sse"), input, cuts...)
				var texts []string
				for i := range len(got.Last) - 1 {
					texts = append(texts, got.text(i+1))
				}
				want := test.text
				if end != "" {
					want += "b"
				}
				if err != nil || strings.Join(texts, "") != want {
					t.Errorf("%s, line end %q, cut at %v: error %v, texts %q, want %q", test.name, end, cuts, err, texts, want)
				}
			}
		}
	}
}
