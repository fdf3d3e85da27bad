/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_token.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static void token_digest(const char *token, size_t len, uint8_t digest[HTTP_TOKEN_DIGEST_BYTES])
{
    CHECK(crypto_generichash(digest, HTTP_TOKEN_DIGEST_BYTES, (const uint8_t *)token, len, NULL,
                             0) == 0);
}

/* How many of these bytes can stand in a token: b68token of RFC 6750. */
static size_t token_span(const char *text, size_t len)
{
    static const char others[] = "-._~+/=";
    size_t n = 0;

    while (n < len && ((text[n] >= '0' && text[n] <= '9') || (text[n] >= 'a' && text[n] <= 'z') ||
                       (text[n] >= 'A' && text[n] <= 'Z') ||
                       (text[n] != '\0' && strchr(others, text[n]) != NULL)))
        n++;
    return n;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool access_parse(const char *word, size_t len, enum http_access *access)
{
    *access = HTTP_WRITE;
    if (len == 4 && memcmp(word, "full", 4) == 0)
        return true;
    *access = HTTP_READ;
    return len == 4 && memcmp(word, "read", 4) == 0;
}

/* What is wrong with a line that has been trimmed; NULL: nothing. */
static const char *line_parse(struct http_tokens *tokens, const char *line, size_t len)
{
    struct http_token *token = &tokens->of[tokens->count];
    size_t word = 0, at;

    while (word < len && !is_space(line[word]))
        word++;
    at = word;
    while (at < len && is_space(line[at]))
        at++;
    if (tokens->count == LIMIT_ADMIN_TOKENS)
        return "too many tokens; there can be 16";
    if (!access_parse(line, word, &token->access) || at == len)
        return "expected 'full TOKEN' or 'read TOKEN'";
    if (token_span(line + at, len - at) != len - at)
        return "a token has only letters, digits and -._~+/=";
    if (len - at < LIMIT_ADMIN_TOKEN_BYTES_MIN || len - at > LIMIT_ADMIN_TOKEN_BYTES)
        return "a token has 20 to 256 characters; 'openssl rand -hex 32' makes a good one";
    token_digest(line + at, len - at, token->digest);
    for (unsigned i = 0; i < tokens->count; i++) {
        if (memcmp(tokens->of[i].digest, token->digest, sizeof(token->digest)) == 0)
            return "this token was there before";
    }
    tokens->count++;
    return NULL;
}

bool http_tokens_parse(struct http_tokens *tokens, const char *data, size_t len, char *error,
                       size_t error_size)
{
    const char *end = data + len;
    unsigned number = 0;

    tokens->count = 0;
    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *stop = newline ? newline : end, *next = newline ? newline + 1 : end;
        const char *wrong = NULL;

        number++;
        while (data < stop && is_space(*data))
            data++;
        while (data < stop && is_space(stop[-1]))
            stop--;
        if (data < stop && *data != '#')
            wrong = line_parse(tokens, data, (size_t)(stop - data));
        if (wrong) {
            (void)snprintf(error, error_size, "%u: %s", number, wrong);
            return false;
        }
        data = next;
    }
    if (tokens->count > 0)
        return true;
    (void)snprintf(error, error_size, "%u: there is no token; expected a line 'full TOKEN'",
                   number > 0 ? number : 1);
    return false;
}

/* What is wrong with the file itself; NULL: nothing. */
static const char *file_wrong(const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return "is no regular file";
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return "belongs neither to root nor to the user of the server; change its owner";
    if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return "can be used by others than its owner; chmod 600 mends that";
    if (st->st_size > LIMIT_ADMIN_TOKEN_FILE_BYTES)
        return "is too long for a file of tokens";
    return NULL;
}

static bool file_parse(struct http_tokens *tokens, int fd, const char *path, char *error,
                       size_t error_size)
{
    char data[LIMIT_ADMIN_TOKEN_FILE_BYTES], wrong[128];
    ssize_t got = read(fd, data, sizeof(data));
    bool good;

    if (got < 0) {
        (void)snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return false;
    }
    good = http_tokens_parse(tokens, data, (size_t)got, wrong, sizeof(wrong));
    sodium_memzero(data, sizeof(data));
    if (!good)
        (void)snprintf(error, error_size, "%s:%s", path, wrong);
    return good;
}

bool http_tokens_read(struct http_tokens *tokens, const char *path, char *error, size_t error_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const char *wrong;
    struct stat st;
    bool good = false;

    if (fd < 0) {
        (void)snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return false;
    }
    wrong = fstat(fd, &st) == 0 ? file_wrong(&st) : strerror(errno);
    if (wrong)
        (void)snprintf(error, error_size, "%s: %s", path, wrong);
    else
        good = file_parse(tokens, fd, path, error, error_size);
    (void)close(fd);
    return good;
}

bool http_tokens_equal(const struct http_tokens *a, const struct http_tokens *b)
{
    for (unsigned i = 0; i < a->count && a->count == b->count; i++) {
        if (a->of[i].access != b->of[i].access ||
            memcmp(a->of[i].digest, b->of[i].digest, HTTP_TOKEN_DIGEST_BYTES) != 0)
            return false;
    }
    return a->count == b->count;
}

enum http_token_verdict http_tokens_check(const struct http_tokens *tokens,
                                          const char *authorization, enum http_access *access)
{
    static const char scheme[] = "Bearer ";
    uint8_t digest[HTTP_TOKEN_DIGEST_BYTES];
    enum http_token_verdict verdict = HTTP_TOKEN_WRONG;
    size_t len;

    if (!authorization || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return HTTP_TOKEN_NONE;
    authorization += sizeof(scheme) - 1;
    authorization += strspn(authorization, " "); /* 1*SP, RFC 9110 §11.4 */
    len = strlen(authorization);
    if (len > LIMIT_ADMIN_TOKEN_BYTES)
        return HTTP_TOKEN_WRONG;
    token_digest(authorization, len, digest);
    *access = HTTP_READ;
    /* All of them, whichever it is. */
    for (unsigned i = 0; i < tokens->count; i++) {
        if (sodium_memcmp(digest, tokens->of[i].digest, sizeof(digest)) == 0) {
            *access = tokens->of[i].access;
            verdict = HTTP_TOKEN_KNOWN;
        }
    }
    return verdict;
}
