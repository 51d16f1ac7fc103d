package message

import (
	"net/http"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/codec"
)

// isSigned reports whether a request carries a signature of what it says, so that
// changing it would only make it another's: SigV4, HTTP Message Signatures (RFC 9421),
// and the fields that webhooks have for the purpose.
func isSigned(r *http.Request) bool {
	for name, values := range r.Header {
		switch {
		case strings.Contains(name, "Signature"):
			return true
		case name == "Authorization" && slices.ContainsFunc(values, func(v string) bool {
			return strings.HasPrefix(v, "AWS4-") || strings.HasPrefix(v, "Signature ")
		}):
			return true
		}
	}
	return strings.Contains(r.URL.RawQuery, "X-Amz-Signature=")
}

func isWebSocket(fields http.Header) bool {
	return strings.EqualFold(fields.Get("Upgrade"), "websocket")
}

// askForKnownCodings leaves of what a client accepts the content codings that can be
// looked into.
func askForKnownCodings(fields http.Header) {
	const name = "Accept-Encoding"
	values := fields[name]
	if len(values) == 0 {
		return
	}
	var kept []string
	changed := false
	for _, value := range values {
		for item := range strings.SplitSeq(value, ",") {
			coding, _, _ := strings.Cut(strings.TrimSpace(item), ";")
			if coding == "" || !isKnown(strings.TrimSpace(coding)) {
				changed = true
				continue
			}
			kept = append(kept, strings.TrimSpace(item))
		}
	}
	switch {
	case !changed:
	case len(kept) == 0:
		fields[name] = []string{"identity"}
	default:
		fields[name] = []string{strings.Join(kept, ", ")}
	}
}

func isKnown(coding string) bool {
	_, err := codec.ParseChain([]string{coding})
	return err == nil
}

// dropRanges asks for the whole: a secret may lie across the border of a range.
func dropRanges(fields http.Header) {
	delete(fields, "Range")
	delete(fields, "If-Range")
}

// digests are the fields that say what content is, byte by byte.
var digests = [...]string{"Content-Md5", "Digest", "Content-Digest", "Repr-Digest"}

// contentChanges takes out of fields what is wrong, or may be, once content has
// changed.
func contentChanges(fields http.Header) {
	for _, name := range digests {
		delete(fields, name)
	}
	delete(fields, "Accept-Ranges")
	if tag := fields.Get("Etag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		fields["Etag"] = []string{"W/" + tag}
	}
}
