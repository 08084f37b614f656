using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Retort.Server.Api;

/// <summary>
/// The keys that open a server. Only hashes are kept; every one of them is compared, each in constant time, so that the time of an
/// answer tells nothing of a key.
/// </summary>
internal sealed class ApiKeys(IEnumerable<string> keys)
{
    private const string Scheme = "Bearer ";

    private readonly byte[][] hashes = [.. keys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];

    public void Demand(HttpRequest request)
    {
        if (hashes.Length == 0)
        {
            return;
        }

        string? header = request.Headers.Authorization;
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiError(401, "No API key was given; send 'Authorization: Bearer KEY'.", code: "missing_api_key");
        }

        var given = SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim()));
        var matches = false;
        foreach (var hash in hashes)
        {
            matches |= CryptographicOperations.FixedTimeEquals(hash, given);
        }

        if (!matches)
        {
            throw new ApiError(401, "The API key is wrong.", code: "invalid_api_key");
        }
    }
}
