// Package api serves decisions over HTTP, in the words of others, so that gateways,
// editors and programs written for them can ask:
//
//	POST /access/v1/evaluation, /access/v1/evaluations      OpenID AuthZEN Authorization API 1.0
//	POST /access/v1/search/{subject,resource,action}        the same; 501 unless given
//	GET  /.well-known/authzen-configuration                 the same; 404 unless it knows its URL
//	GET, POST /v1/data/{path}                               OPA's data API, to read only
//	GET  /health
//
// It is for trusted callers. Whoever asks says who the subject is, under which keys
// and at what time; this package cannot verify that, and answers about anybody. Who
// may call is for the server to decide that the handler is put in. Nothing can be
// written.
//
// Decisions of the four entrypoints go through a policies.Engine: they are logged and
// fail closed. Every request has a limit of size, depth, number and time.
package api
