// Package hostile holds tests of ingress against peers that mean it harm, on either
// side: bytes that no client of ours would send, and answers that no API of ours would
// give. There is nothing in it but tests.
//
// A field is a real server on loopback between raw connections. Every answer of the
// upstream holds a known secret, and of every case four things are held: the client
// gets the right status or a connection that is closed, nothing of the secret is in
// what it gets, a healthy request is answered afterwards, and in the end no goroutine
// and no connection is left.
package hostile
