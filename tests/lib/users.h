/* SPDX-License-Identifier: Apache-2.0 */
/* A database of users of a test's own, for the programs that it starts. */
#pragma once

/* From now on programs that are started ask these files, of passwd(5) and group(5), who users and
 * groups are.  Any change takes effect with the next question; so a file has to be replaced at
 * once. */
void test_users_begin(const char *passwd, const char *group);

/* Programs that are started from now on ask the machine's database again. */
void test_users_end(void);
