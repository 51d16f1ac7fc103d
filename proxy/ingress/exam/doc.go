// Package exam is the leak exam of the proxy in front of an API, held through real
// HTTP: clients and an API on loopback, a whole ingress between them, the rules and
// policies that ship.
//
//	client ─ HTTP/1.1, TLS, h2 ─▶ ingress.Server ─ HTTP/1.1, h2c ─▶ api
//
// It has no code but its tests. They ask for five things: the published vectors as
// contents of responses; each kind of secret at each place of a message, in each
// content coding, however it is cut, over each protocol; that shadow changes nothing;
// that an exception ends; and that who guesses is slowed. Judge is the package
// internal/exam/leak/check, which shares no code with the product.
//
// A normal run takes a sample of the second, which is a product of five axes.
// STANCH_EXAM=full takes all of it.
package exam
