package message

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/stanch-dev/stanch/proxy"
)

// head is what stands before the content of a message, as one text, so that it is
// searched in one go and fields are seen with their names.
type head struct {
	x         *Exchange
	direction string
	text      []byte
	lines     []headLine
	edits     []edit
	source    proxy.Source // of the text, but for part and name

	take    func(proxy.Piece) error // taken and locate, which need memory as functions
	located func(int) proxy.Source
}

// headLine is one line of a head: the request line, or a field.
type headLine struct {
	part, name string
	index      int // of the value among those of its name
	start, end int // of the value in the text
}

// edit replaces bytes of a text.
type edit struct {
	start, end int
	text       []byte
}

var heads = sync.Pool{New: func() any {
	h := new(head)
	h.take, h.located = h.taken, h.locate
	return h
}}

func (x *Exchange) newHead(direction string) *head {
	h := heads.Get().(*head)
	h.x, h.direction = x, direction
	return h
}

func (h *head) free() {
	clear(h.text)
	clear(h.lines)
	clear(h.edits)
	h.x, h.source, h.text, h.lines, h.edits = nil, proxy.Source{}, h.text[:0], h.lines[:0], h.edits[:0]
	heads.Put(h)
}

// line adds a line of text, of which value begins behind prefix.
func (h *head) line(part, name, prefix, value string, index int) {
	h.text = append(h.text, prefix...)
	start := len(h.text)
	h.text = append(h.text, value...)
	h.lines = append(h.lines, headLine{part, name, index, start, len(h.text)})
	h.text = append(h.text, "\r\n"...)
}

// isBinary reports whether the values of a field are base64 of something whose
// lengths must stay, as gRPC's are whose name ends so.
func isBinary(name string) bool { return strings.HasSuffix(name, "-Bin") }

// fields adds all fields that are binary, or are not, in the order of their names.
func (h *head) fields(fields http.Header, binary bool) {
	first := len(h.lines)
	for name, values := range fields {
		if isBinary(name) != binary {
			continue
		}
		for i := range values {
			h.lines = append(h.lines, headLine{part: "header", name: name, index: i})
		}
	}
	slices.SortFunc(h.lines[first:], func(a, b headLine) int {
		return cmp.Or(strings.Compare(a.name, b.name), a.index-b.index)
	})
	for i := first; i < len(h.lines); i++ {
		l := &h.lines[i]
		h.text = append(append(h.text, l.name...), ": "...)
		l.start = len(h.text)
		h.text = append(h.text, fields[l.name][l.index]...)
		l.end = len(h.text)
		h.text = append(h.text, "\r\n"...)
	}
}

// search looks for secrets in the text.
func (h *head) search(sized bool) error {
	opts := h.x.text(h.direction, "header", "")
	h.source, opts.Sized, opts.Locate = opts.Source, sized, h.located
	stream := h.x.filter.texts.NewStream(h.take, opts)
	defer stream.Free()
	if _, err := stream.Write(h.text); err != nil {
		return err
	}
	return stream.End()
}

// locate tells the source of a secret in the text.
func (h *head) locate(start int) proxy.Source {
	source := h.source
	if line := h.at(start); line != nil {
		source.Part, source.Name = line.part, line.name
	}
	return source
}

// at returns the line at a place, nil behind the last.
func (h *head) at(place int) *headLine {
	i, _ := slices.BinarySearchFunc(h.lines, place, func(l headLine, place int) int { return cmp.Compare(l.end, place) })
	if i == len(h.lines) {
		return nil
	}
	return &h.lines[i]
}

// taken notes what becomes of a secret.
func (h *head) taken(p proxy.Piece) error {
	if p.Changed() {
		h.edits = append(h.edits, edit{p.Start, p.End, slices.Clone(p.Text)})
	}
	return nil
}

// errName is for secrets outside of the values, which is where they can be replaced.
var errName = errors.New("a secret stands in the name of a field or in the method")

// value returns the value of a line with what replaces its secrets, escaped by
// escape, and whether anything does.
func (h *head) value(l *headLine, escape func([]byte) []byte) (string, bool) {
	var out []byte
	at, changed := l.start, false
	for _, e := range h.edits {
		if e.end <= l.start || e.start >= l.end {
			continue
		}
		out = append(out, h.text[at:max(at, e.start)]...)
		if e.start >= l.start || !changed && e.start < l.start {
			out = append(out, escape(e.text)...)
		}
		at, changed = min(e.end, l.end), true
	}
	return string(append(out, h.text[at:l.end]...)), changed
}

// inValues reports whether every edit begins in a value.
func (h *head) inValues() bool {
	for _, e := range h.edits {
		if l := h.at(e.start); l == nil || e.start < l.start {
			return false
		}
	}
	return true
}

// apply puts what replaces secrets into fields, and returns the new target if it has
// changed.
func (h *head) apply(fields http.Header) (target string, err error) {
	if !h.inValues() {
		return "", errName
	}
	for i := range h.lines {
		l := &h.lines[i]
		if l.part == "url" {
			if value, changed := h.value(l, escapeTarget); changed {
				target = value
			}
			continue
		}
		if value, changed := h.value(l, escapeField); changed {
			fields[l.name] = slices.Clone(fields[l.name])
			fields[l.name][l.index] = value
		}
	}
	return target, nil
}

// escapeTarget makes text one that means nothing in a request target.
func escapeTarget(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, b := range text {
		if 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("-._~%*", b) >= 0 {
			out = append(out, b)
			continue
		}
		const digits = "0123456789ABCDEF"
		out = append(out, '%', digits[b>>4], digits[b&15])
	}
	return out
}

// escapeField leaves out what a field value cannot have.
func escapeField(text []byte) []byte {
	return slices.DeleteFunc(text, func(b byte) bool { return b < ' ' && b != '\t' || b == 0x7f })
}

// setTarget gives u the path and query of a request target.
func setTarget(u *url.URL, target string) error {
	parsed, err := url.ParseRequestURI(target)
	if err != nil {
		return errors.New("the URL is none without its secrets")
	}
	u.Path, u.RawPath, u.RawQuery, u.ForceQuery = parsed.Path, parsed.RawPath, parsed.RawQuery, parsed.ForceQuery
	return nil
}

// routeOf returns the path of a request target, for rules that are about some paths.
// It is empty where servers read the path in more than one way: what is set for one
// path is no licence for another.
func routeOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	if strings.Contains(path, `\`) || strings.Contains(path, "//") {
		return ""
	}
	for segment := range strings.SplitSeq(path, "/") {
		name, _, _ := strings.Cut(segment, ";") // parameters, which some leave out
		if name == "." || name == ".." {
			return ""
		}
	}
	for _, escaped := range [...]string{"%2f", "%5c", "%2e", "%25", "%3b"} {
		if strings.Contains(strings.ToLower(path), escaped) {
			return ""
		}
	}
	return path
}
