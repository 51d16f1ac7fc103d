package har

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Request returns the request as a server gets it. Complete is false where the
// recording lacks its content or a part of it.
func (e *Entry) Request(ctx context.Context) (r *http.Request, complete bool, err error) {
	body, complete, err := e.request.content()
	if err != nil {
		return nil, false, fmt.Errorf("the request's content: %w", err)
	}
	u, err := url.Parse(e.request.URL)
	if err != nil || u.Host == "" {
		return nil, false, errors.New("the request's URL is none") // it may hold a secret, and so does err
	}
	r, err = http.NewRequestWithContext(ctx, e.request.Method, "http://host/", bytes.NewReader(body))
	if err != nil {
		return nil, false, errors.New("the request's method is none")
	}
	r.URL, r.Host = u, u.Host
	r.URL.User, r.URL.Fragment, r.URL.RawFragment = nil, "", "" // neither is sent
	r.RequestURI = r.URL.RequestURI()
	r.Header = header(e.request.Headers, len(body))
	setProto(e.request.HTTPVersion, &r.Proto, &r.ProtoMajor, &r.ProtoMinor)
	if p := e.request.PostData; p != nil && p.MimeType != "" && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", p.MimeType)
	}
	if len(body) == 0 {
		r.Body, r.GetBody = http.NoBody, nil
	}
	return r, complete, nil
}

func (r *request) content() (body []byte, complete bool, err error) {
	p := r.PostData
	switch {
	case p == nil:
		return nil, r.BodySize <= 0, nil
	case p.Text != "":
		body, err = decode(p.Text, p.Encoding)
		return body, true, err
	case strings.HasPrefix(p.MimeType, "application/x-www-form-urlencoded"):
		form := url.Values{}
		for _, param := range p.Params {
			form.Add(param.Name, param.Value)
		}
		return []byte(form.Encode()), true, nil
	}
	return nil, len(p.Params) == 0 && r.BodySize <= 0, nil
}

// Response returns the response to r. Complete is false where the recording lacks its
// content.
func (e *Entry) Response(r *http.Request) (resp *http.Response, complete bool, err error) {
	in := e.response
	body, err := decode(in.Content.Text, in.Content.Encoding)
	if err != nil {
		return nil, false, fmt.Errorf("the response's content: %w", err)
	}
	if in.Status < 100 || in.Status > 999 {
		return nil, false, nil // it was never there
	}
	resp = &http.Response{
		StatusCode: in.Status, Status: strings.TrimSpace(strconv.Itoa(in.Status) + " " + in.StatusText),
		Header: header(in.Headers, len(body)), Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
	setProto(in.HTTPVersion, &resp.Proto, &resp.ProtoMajor, &resp.ProtoMinor)
	if in.Content.MimeType != "" && resp.Header.Get("Content-Type") == "" {
		resp.Header.Set("Content-Type", in.Content.MimeType)
	}
	return resp, len(body) > 0 || in.Content.Size <= 0, nil
}

func decode(text, encoding string) ([]byte, error) {
	switch encoding {
	case "":
		return []byte(text), nil
	case "base64":
		body, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, errors.New("it is not base64, which it should be")
		}
		return body, nil
	}
	return nil, errors.New("its encoding is not base64")
}

// header returns recorded fields, without the pseudo-fields of HTTP/2 and those that
// tell how the content was sent, which is decoded.
func header(fields []field, size int) http.Header {
	h := http.Header{}
	for _, f := range fields {
		if f.Name != "" && !strings.HasPrefix(f.Name, ":") {
			h.Add(f.Name, f.Value)
		}
	}
	for _, name := range []string{"Content-Encoding", "Transfer-Encoding", "Trailer", "Connection", "Content-Length", "Host"} {
		h.Del(name)
	}
	if size > 0 {
		h.Set("Content-Length", strconv.Itoa(size))
	}
	return h
}

func setProto(version string, proto *string, major, minor *int) {
	*proto, *major, *minor = "HTTP/1.1", 1, 1
	switch strings.ToLower(version) {
	case "h2", "http/2", "http/2.0", "h3", "http/3", "http/3.0":
		*proto, *major, *minor = "HTTP/2.0", 2, 0
	}
}
