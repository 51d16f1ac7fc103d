package decisionlog

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/internal/loopback"
)

// maxAnswer is how much of a service's answer is read to use its connection again.
const maxAnswer = 64 << 10

// errTooLarge is a service's refusal of the size of a request (413).
var errTooLarge = errors.New("the service refused the size of the request")

// target is where an Upload goes.
type target struct {
	url    string
	client *http.Client
	token  func() (string, error)
}

func newTarget(o UploadOptions) (target, error) {
	base, err := url.Parse(o.Service)
	switch {
	case err != nil || base.Host == "":
		return target{}, errors.New("decision log upload: the service is not a URL as https://example.com")
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return target{}, errors.New("decision log upload: the service's URL has credentials, a query or a fragment; use a token")
	case base.Scheme != "https" && !(base.Scheme == "http" && loopback.Is(base.Hostname())):
		return target{}, fmt.Errorf("decision log upload: %s is not https, and not on this machine", base)
	case base.Scheme != "https" && o.Token != nil:
		return target{}, fmt.Errorf("decision log upload: %s is not https, and a token must not be sent to it", base)
	}
	config := &tls.Config{}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	address := base.JoinPath("logs")
	if o.Partition != "" {
		address = address.JoinPath(url.PathEscape(o.Partition))
	}
	return target{
		url:   address.String(),
		token: o.Token,
		client: &http.Client{
			Timeout:   o.Timeout,
			Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute},
			// What is sent to one service is not for another.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// post sends a JSON array.
func (t target) post(ctx context.Context, text []byte) error {
	var body bytes.Buffer
	zip := gzip.NewWriter(&body)
	if _, err := zip.Write(text); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	if t.token != nil {
		token, err := t.token()
		if err != nil {
			return fmt.Errorf("getting the token: %w", err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
	}
	answer, err := t.client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	switch {
	case answer.StatusCode == http.StatusRequestEntityTooLarge:
		return errTooLarge
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return fmt.Errorf("%s answered %d", t.url, answer.StatusCode)
	}
	return nil
}
