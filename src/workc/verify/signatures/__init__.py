"""Who sealed a bundle: signatures in ``signatures/``, judged by a trust file from outside.

A signature is a DSSE envelope around an in-toto Statement about the proof digest, made with Ed25519
(docs/spec/bundle-0.2.md, section 12). What holds here:

1. Keys come from the trust file and from nowhere else; without one, no signature is judged.
2. A signature is verified first; then the very bytes that were verified are parsed.
3. Each file gives at most one reason, and every file must be good.
4. Keys are counted, not signatures, and a key counts once under whatever names it is listed.
5. There is no clock: whoever asks passes the time.

``trust`` reads the trust file, ``dsse`` the envelope, ``statement`` what it says, ``ed25519`` does
the arithmetic, ``judging`` is the step of the oracle.
"""
