package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// overHTTP returns a tool behind url that answers a body with its redacted form, as
// a redacting proxy before an echo does.
func overHTTP(url string) tool {
	return func(ctx context.Context, v *vector.Vector) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, toolTimeout)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, inPieces(v))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", contentTypes[v.Parse])
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("it answered %s", response.Status)
		}
		return body, err
	}
}

// contentTypes are those of the formats that have one; others are sent without.
var contentTypes = map[string]string{
	"text": "text/plain; charset=utf-8", "url": "text/plain; charset=utf-8", "cri": "text/plain; charset=utf-8",
	"utf-16": "text/plain; charset=utf-16", "jsonl": "application/x-ndjson", "sse": "text/event-stream",
	"csv": "text/csv", "xml": "application/xml", "yaml": "application/yaml", "multipart": "multipart/form-data; boundary=f2c91b7e",
}
