/* SPDX-License-Identifier: Apache-2.0 */
/* The settings: shown with their revision as entity tag, and changed. */
#pragma once

struct http_request;

/* GET /settings */
void api_settings_list(struct http_request *request, void *context);

/* GET /settings/{name} */
void api_settings_show(struct http_request *request, void *context);

/* PATCH /settings: all or none; waits for the disk. */
void api_settings_change(struct http_request *request, void *context);
