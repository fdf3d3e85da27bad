/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of `mainstay top` without a terminal: as text or as JSON. */
#pragma once

#include <stdio.h>

#include "cli/top_frame.h"

/* The lines of a frame, and an empty one. */
void top_print_text(const struct top_scene *scene, FILE *out);

/* An object on a line of its own: docs and tests rely on the members. */
void top_print_json(const struct top_scene *scene, FILE *out);
