/* SPDX-License-Identifier: Apache-2.0 */
/* A request for tests of what reads it, without a server. */
#pragma once

#include "admin/http/http_request.h"
#include "lib/test.h"

extern struct http_request request;

/* It is empty before each test, and its reply is freed behind it. */
#define REQUEST_TEST(name) cmocka_unit_test_setup_teardown(name, request_setup, request_teardown)
int request_setup(void **state);
int request_teardown(void **state);

void request_set_body(const char *text);

/* Forget the query of before, and have this parameter. */
void request_set_query(const char *name, const char *value);

/* The reply is a problem of this status, with these words in it; `where` is what was asked. */
void request_refused(const char *where, unsigned status, const char *words);
