<?php
// Receives what a destination of the type https is sent; needs nothing but PHP 8.
//
//     HOOKSWITCH_SECRET=whsec_... php -S 127.0.0.1:8080 receiver.php

declare(strict_types=1);

const TOLERANCE = 300; // seconds by which the sender's clock and ours may differ

// Tells whether a request was signed with the secret, within the last minutes (https://www.standardwebhooks.com).
function is_authentic(string $id, string $timestamp, string $signatures, string $body, string $secret, int $now): bool
{
    if (preg_match('/^[0-9]{1,12}$/D', $timestamp) !== 1 || abs($now - (int) $timestamp) > TOLERANCE) {
        return false;
    }
    $key = base64_decode((string) preg_replace('/^whsec_/', '', $secret), true);
    if ($key === false || $key === '') {
        return false;
    }
    // The body as it came, before anything parses it.
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $signatures) as $signature) { // two of them while a secret is replaced
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}

// Do here with an event what you want to be done; if this throws, the event comes again.
function take(array $event): void
{
    file_put_contents('php://stdout', json_encode(['id' => $event['id'], 'type' => $event['type']]) . "\n");
}

// Answers within the 15 seconds that hookswitch waits; work that takes longer belongs in a queue.
function answer(): int
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        return 405;
    }
    $body = (string) file_get_contents('php://input');
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    $signatures = $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '';
    if (!is_authentic($id, $timestamp, $signatures, $body, (string) getenv('HOOKSWITCH_SECRET'), time())) {
        return 401;
    }
    // In production: a table of yours, with the id as its key.
    $known = sys_get_temp_dir() . '/hookswitch-' . hash('sha256', $id);
    if (!file_exists($known)) { // the same event can come twice
        take(json_decode($body, true, 512, JSON_THROW_ON_ERROR));
        touch($known);
    }
    return 204;
}

http_response_code(answer());
