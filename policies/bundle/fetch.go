package bundle

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/internal/loopback"
)

// Limits of one request.
const (
	fetchWithin  = time.Minute      // from the first byte sent to the last received
	answerWithin = 10 * time.Second // until the answer begins
	maxHeader    = 64 << 10         // bytes
	maxRedirects = 5
)

// fetcher returns the function that fetches from the address, given the etag of the
// last good bundle.
func (p *Poller) fetcher() (func(context.Context, string) (answer, error), error) {
	scheme, rest, found := strings.Cut(p.Address, ":")
	if !found || strings.Contains(scheme, "/") {
		scheme, rest = "file", p.Address
	}
	switch scheme {
	case "file":
		file := strings.TrimPrefix(rest, "//")
		if file == "" {
			return nil, errors.New("bundles: no address is given, as in https://policies.example.com/bundle.tar.gz")
		}
		p.name = file
		return func(context.Context, string) (answer, error) {
			archive, err := readLimited(file, p.Options.maxBytes())
			if err != nil {
				return answer{}, fmt.Errorf("reading the bundle: %w", err)
			}
			return answer{archive: archive}, nil
		}, nil
	case "http", "https":
		return p.httpFetcher()
	}
	return nil, fmt.Errorf("bundles: addresses that begin with %q are not known; there are https:// and files", scheme+":")
}

func (p *Poller) httpFetcher() (func(context.Context, string) (answer, error), error) {
	u, err := url.Parse(p.Address)
	switch {
	case err != nil || u.Host == "":
		return nil, errors.New("bundles: the address is not a URL, as https://policies.example.com/bundle.tar.gz")
	case u.User != nil:
		return nil, fmt.Errorf("bundles: the address of %s has a user in it; give a bearer token apart from it", u.Host)
	case u.Scheme == "http" && !loopback.Is(u.Hostname()):
		return nil, fmt.Errorf("bundles: http://%s is not encrypted; use https://, or http:// on a loopback address", u.Host)
	}
	p.name = u.Scheme + "://" + u.Host + u.EscapedPath() // a query may hold a key
	client := &http.Client{
		Timeout:       fetchWithin,
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: p.Roots},
			TLSHandshakeTimeout:    answerWithin,
			ResponseHeaderTimeout:  answerWithin,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true, // a tar.gz is what it is
			DisableKeepAlives:      true, // requests are a minute apart
		},
	}
	return func(ctx context.Context, etag string) (answer, error) {
		a, err := p.get(ctx, client, etag)
		if err != nil {
			err = fmt.Errorf("%s: %w", p.name, err)
		}
		return a, err
	}, nil
}

// checkRedirect follows redirects on the same server only: the token, and the name in
// errors, are for that one.
func checkRedirect(to *http.Request, via []*http.Request) error {
	from := via[0].URL
	switch {
	case len(via) > maxRedirects:
		return errors.New("more than five redirects")
	case to.URL.Scheme != from.Scheme:
		return fmt.Errorf("a redirect from %s:// to %s:// is not followed", from.Scheme, to.URL.Scheme)
	case to.URL.Host != from.Host:
		return fmt.Errorf("a redirect to another host, %s, is not followed; give its address", to.URL.Host)
	}
	return nil
}

func (p *Poller) get(ctx context.Context, client *http.Client, etag string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Address, nil)
	if err != nil {
		return answer{}, errors.New("the address cannot be asked")
	}
	request.Header.Set("User-Agent", "stanch")
	request.Header.Set("Accept", "application/gzip, application/octet-stream;q=0.9, */*;q=0.5")
	request.Header.Set("Prefer", "modes=snapshot") // no deltas, which cannot be signed
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	if p.Token != nil {
		token, err := p.Token()
		if err != nil {
			return answer{}, fmt.Errorf("the token: %w", err)
		}
		request.Header.Set("Authorization", "Bearer "+string(bytes.TrimSpace(token.Reveal())))
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, explain(err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotModified && etag != "":
		return answer{}, nil
	case response.StatusCode != http.StatusOK:
		return answer{}, refusal(response.StatusCode)
	}
	archive, err := limited(response.Body, p.Options.maxBytes())
	return answer{archive, response.Header.Get("ETag")}, err
}

// refusal is the error of an answer that is no bundle.
func refusal(status int) error {
	says := "the server answers"
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		says = "the server does not let us have the bundle; see the token:"
	case http.StatusNotFound:
		says = "there is no bundle; see the address:"
	}
	return fmt.Errorf("%s status %d %s", says, status, http.StatusText(status))
}

// explain leaves out of err what must not be told, the address with its query, and
// what differs from time to time, our port: the same error is told once.
func explain(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return &net.OpError{Op: op.Op, Net: op.Net, Addr: op.Addr, Err: op.Err}
	}
	return err
}

func readLimited(file string, max int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() { // opening a pipe would wait
		err = fmt.Errorf("%s is not a regular file", file)
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return limited(f, max)
}

// limited reads r, never to nil.
func limited(r io.Reader, max int64) ([]byte, error) {
	text, err := io.ReadAll(&atMost{r: r, max: max, what: "sent"})
	var large *tooLarge
	switch {
	case errors.As(err, &large):
		return nil, large
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, unreadable(err)
	case err != nil:
		return nil, explain(err)
	}
	return text, nil
}
