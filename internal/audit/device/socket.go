package device

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

func checkSocket(o *options) (func(io.Writer) (Device, error), int) {
	t := target{network: o.text("socket_type", "tcp"), address: o.required("address")}
	timeout := o.duration("write_timeout", 2*time.Second)
	switch t.network {
	case "tcp", "tcp4", "tcp6", "unix", "udp", "udp4", "udp6", "unixgram":
	default:
		o.fail("socket_type", "%q is none of tcp, udp, unix, unixgram", t.network)
	}
	maxLine := streamLine
	if t.datagram() {
		maxLine = messageLine
	}
	return func(io.Writer) (Device, error) {
		return &socket{targets: []target{t}, timeout: timeout}, nil
	}, maxLine
}

// target is where a socket may lead.
type target struct{ network, address string }

// datagram reports whether each line travels as a message of its own.
func (t target) datagram() bool {
	return strings.HasPrefix(t.network, "udp") || t.network == "unixgram"
}

// socket sends lines over a connection that it makes when it is needed.
type socket struct {
	targets []target // the first that answers is used
	timeout time.Duration
	head    func() []byte // what stands before each line, nil for nothing

	mu       sync.Mutex
	conn     net.Conn // nil until needed, guarded by mu
	datagram bool     // of conn, guarded by mu
	closed   bool     // guarded by mu
}

func (s *socket) Durable() bool { return false }

func (s *socket) Last() ([]byte, error) { return nil, nil }

func (s *socket) Write(lines []byte) error {
	conn, datagram, err := s.connect()
	if err != nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Now().Add(s.timeout)); err != nil {
		s.drop(conn)
		return err
	}
	if err := s.send(conn, datagram, lines); err != nil {
		s.drop(conn)
		return fmt.Errorf("sending to %s: %w", conn.RemoteAddr(), err)
	}
	return nil
}

func (s *socket) send(conn net.Conn, datagram bool, lines []byte) error {
	if !datagram && s.head == nil {
		_, err := conn.Write(lines)
		return err
	}
	for line := range bytes.Lines(lines) {
		if s.head != nil {
			line = append(s.head(), line...)
		}
		if datagram {
			line = bytes.TrimSuffix(line, []byte("\n"))
		}
		if _, err := conn.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// connect returns the connection, a new one if there is none.
func (s *socket) connect() (net.Conn, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		return s.conn, s.datagram, nil
	}
	if s.closed {
		return nil, false, net.ErrClosed
	}
	var errs []error
	for _, t := range s.targets {
		c, err := net.DialTimeout(t.network, t.address, s.timeout)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.conn, s.datagram = c, t.datagram()
		go s.watch(c)
		return c, s.datagram, nil
	}
	return nil, false, errors.Join(errs...)
}

// watch waits until the other side ends the connection, so that the next line does not
// go into one that nobody reads. What the other side says is thrown away.
func (s *socket) watch(c net.Conn) {
	_, _ = io.Copy(io.Discard, c)
	s.drop(c)
}

func (s *socket) drop(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = c.Close()
	if s.conn == c {
		s.conn = nil
	}
}

func (s *socket) Reopen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

func (s *socket) Close() error {
	s.Reopen()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
