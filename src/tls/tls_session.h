/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's end of one TLS session: turns bytes from a socket into plain ones, and plain ones
 * into bytes for the socket.  It never waits, and makes no system call except for
 * tls_session_offload().
 *
 * One thread at a time receives (tls_session_handshake, tls_session_read), and one at a time sends
 * (tls_session_write, tls_session_output); these may be two, and a lock orders what they do with
 * the session.  During the handshake only one thread may use it.
 *
 * After the handshake the kernel may take over what is sent (tls_session_offload).  The session
 * then only receives.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "tls/tls_context.h"

struct iovec;
struct tls_peer;
struct tls_session;

enum {
    TLS_RECORD_BYTES = 16384,     /* plain bytes of one record, at most */
    TLS_RECORD_EXTRA_BYTES = 256, /* that encryption adds to it, at most */
};

enum tls_status {
    TLS_OK,
    TLS_WANT,   /* all input is consumed */
    TLS_CLOSED, /* the peer ended the session: close_notify */
    TLS_FAILED, /* tls_session_why(); an alert may be left to be sent */
};

/* Why a session failed; for counters. */
enum tls_reason {
    TLS_REASON_PROTOCOL,    /* what came is not TLS, or against it */
    TLS_REASON_VERSION,     /* the client knows no TLS 1.3, or no cipher suite in common */
    TLS_REASON_ALPN,        /* the client wants another protocol than sunrpc */
    TLS_REASON_UNTRUSTED,   /* its certificate is of no CA that we trust, or misused */
    TLS_REASON_EXPIRED,     /* its certificate has expired, or is not valid yet */
    TLS_REASON_REVOKED,     /* its certificate is revoked, or that cannot be told */
    TLS_REASON_CERTIFICATE, /* another fault of its certificate: too long, misformed */
    TLS_REASON_REFUSED,     /* the client refuses our certificate: an alert of its own */
    TLS_REASON_MEMORY,
    TLS_REASON_COUNT
};

/* NULL without memory.  Keeps a reference on the context. */
struct tls_session *tls_session_create(struct tls_context *context) MUST_USE;

/* NULL is allowed. */
void tls_session_destroy(struct tls_session *session);

/* The bytes that the functions below consume, next.  They must stay until all are consumed
 * (tls_session_input_left() is then 0) or forgotten: `len` 0. */
void tls_session_input(struct tls_session *session, const uint8_t *data, size_t len);
size_t tls_session_input_left(const struct tls_session *session);

/* How many bytes of a TLS record have been put in whose rest has not come; 0: none.  For the
 * receiver. */
size_t tls_session_record_used(const struct tls_session *session);

/* Where the bytes for the socket are put: room for `size`, more is an error.  Set it before
 * tls_session_handshake() and tls_session_write(). */
void tls_session_output(struct tls_session *session, uint8_t *data, size_t size);

/* How many have been put there. */
size_t tls_session_output_len(const struct tls_session *session);

/* Go on with the handshake.  TLS_OK: it is done, input may be left. */
enum tls_status tls_session_handshake(struct tls_session *session);

/* Once the handshake is done: from now on the kernel encrypts what the socket sends, which has sent
 * all that the session has put out.  Then tls_session_write() and tls_session_close() must not be
 * called.  False: the context does not want it, or the kernel cannot; all stays as it is. */
bool tls_session_offload(struct tls_session *session, int fd) MUST_USE;

/* Who the peer is, once the handshake is done; the caller owns it.  NULL without memory. */
struct tls_peer *tls_session_peer(struct tls_session *session) MUST_USE;

/* Decrypt into `data` until it is full or the input is consumed.  *got: how many bytes, also with a
 * status other than TLS_OK, which means that `data` is full. */
enum tls_status tls_session_read(struct tls_session *session, void *data, size_t len, size_t *got);

/* Encrypt these bytes: as many as the output has room for.  Returns how many, or -1. */
ssize_t tls_session_write(struct tls_session *session, const struct iovec *iov, size_t count);

/* Put what the receiver had to send (an alert) into the output. */
void tls_session_flush(struct tls_session *session);

/* The alert (RFC 8446 6) that ends a session whose output is the kernel's: what the receiver had to
 * send, else close_notify. */
struct tls_alert {
    uint8_t level, description;
};
struct tls_alert tls_session_alert(struct tls_session *session);

/* Say that nothing more will be sent (close_notify), into the output. */
void tls_session_close(struct tls_session *session);

/* How many records may have been sent. */
uint64_t tls_session_records(const struct tls_session *session);

/* After TLS_FAILED: the reason, and in words. */
enum tls_reason tls_session_reason(const struct tls_session *session);
const char *tls_session_why(const struct tls_session *session);
