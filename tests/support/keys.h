// Keys made for these tests alone: they open nothing. No private RSA key is kept: the tests that
// sign with one make it.
#pragma once

namespace bb::test {

constexpr const char* kRsaPublicPem = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtfYSP+io11JGggRzVEyp
mEAqDAby094GdLNFNYvJT8YgLwEXbY/hJCQLU6RMICUmT8RqfVSF99XOUnbBEF9Z
L+DhedB2QjNTJH8qKnQqTYmPgVyZ2mZcVsnhPtJAI1a5SptiRLd8v3Tw6B8tkIqu
YphWiF6xEZwth/TtFX/D9hAo3TT/t5JQVLG17NnekAyROpZeEblkARVr7hltfkFU
25Stog3rc+DgG6Awc+PfaJ3ZEbhak/pYLkJaUsUB+biuZg/TDx/KDmEGt+xv8cr9
rojE3gqVGWgK9vc9m5o+eebQAy9aP9Wl7o6iftLzGVo40bKi0JHi5F7mBndTT+aG
ZwIDAQAB
-----END PUBLIC KEY-----
)";
/// Made with `openssl dgst -sha256 -sign` over payload V1 of the reference.
constexpr const char* kRsaSignatureOfV1 =
    "mWQOJUQBh3rQQk8EopVbWVfr7gZ5ZZR/IAENVTgRsACfeeD0Z5pHETDwtAtgvS7diuU+k3J/tyK8vM897nuqEQ"
    "C39KrqH0PF9DVxbsudw11NfEyRlpo2XXs+PT4f+PjepFMNMlty+Cjd0HXmgg3JW2BIPkpB49wEgsrbWhHSCdV6"
    "CVG9oWdYeK2hay2E+6opvf2sOOcTQSEaSE/zYVv8FMFA9Z131jVPFb0EUgcn8EM7csuZNPR6i0ockNY9GIm7iD"
    "olOUnXB37glIProkvV5dUlaJRD2RIKh5T+3MlYWfR1RDAyFJ+ON8tEQOVdmHYhIDPp1CNjYDvPJbKFJN+MPg==";

// Seed: 32 bytes of 0x07.
constexpr const char* kEd25519Private =
    "MC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
/// The base64 of a PEM file on one line, as the exchange shows it.
constexpr const char* kEd25519Public =
    "MCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=";
constexpr const char* kEd25519SignatureOfV1 =
    "8UXNsvKYXgKKNqqNAZ5YCR7Z3yrvWdBE/rhIf7xr8MM4GMnEl/6cln7nz9iZinNWJi7c14wqqQ6uSzfWpcG6Cg==";

constexpr const char* kPayloadV1 =
    "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.010&price=60000.0&"
    "newClientOrderId=t-1&recvWindow=5000&timestamp=1767225600000";

}  // namespace bb::test
