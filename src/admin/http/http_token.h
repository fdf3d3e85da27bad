/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bearer tokens (RFC 6750 §2.1) and the file that has them.  A line of it is
 *
 *     full TOKEN          may do everything
 *     read TOKEN          may only look
 *
 * or empty, or begins with '#'.  A token has LIMIT_ADMIN_TOKEN_BYTES_MIN to LIMIT_ADMIN_TOKEN_BYTES
 * of the characters that RFC 6750 allows.  Only digests of the tokens stay in memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/http/http_route.h"
#include "base/check.h"
#include "base/limits.h"

enum {
    HTTP_TOKEN_DIGEST_BYTES = 32
};

struct http_tokens {
    unsigned count;
    struct http_token {
        enum http_access access; /* the most that it allows */
        uint8_t digest[HTTP_TOKEN_DIGEST_BYTES];
    } of[LIMIT_ADMIN_TOKENS];
};

/* Parse the contents of a file.  False with "LINE: what is wrong" in `error`, which repeats no
 * token. */
bool http_tokens_parse(struct http_tokens *tokens, const char *data, size_t len, char *error,
                       size_t error_size) MUST_USE;

/* Read a file, which must be a regular one, of root or of the process' user, and closed to all
 * others.  False with "PATH: what is wrong, and what would be right" in `error`. */
bool http_tokens_read(struct http_tokens *tokens, const char *path, char *error,
                      size_t error_size) MUST_USE;

/* The same tokens for the same access, in the same order? */
bool http_tokens_equal(const struct http_tokens *a, const struct http_tokens *b);

enum http_token_verdict {
    HTTP_TOKEN_NONE,  /* there is no Authorization field, or it is none of Bearer */
    HTTP_TOKEN_WRONG, /* it is not in the file */
    HTTP_TOKEN_KNOWN, /* *access says what it allows */
};

/* Look at the value of an Authorization field; NULL: there is none.  The time that this takes does
 * not depend on how much of a token is right. */
enum http_token_verdict http_tokens_check(const struct http_tokens *tokens,
                                          const char *authorization, enum http_access *access);
