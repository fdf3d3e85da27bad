/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/local: an ordinary user without privileges, on a disk. */
#include "backend/local_fixture.h"

int main(int argc, char **argv)
{
    local_setting.parent = "/tmp";
    local_drop_privileges();
    return local_contract_main("local_user", argc, argv);
}
