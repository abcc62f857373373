using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Schemas;
using Streams.Streaming;

namespace Streams.Aggregators.Queries;

/// <summary>GET /v1/contracts/{contract}/preview and GET /v1/customers/{customer}/preview.</summary>
sealed class PreviewEndpoint(Func<ContractBook> book, RunningPreview previews, IStateOwners owners, ReadAccess access, Peers peers)
{
    /// <summary>Previews that are made at a time, and how many more may wait how long: each holds up its partition for a moment.</summary>
    const int AtOnce = 2, Waiting = 64;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly SemaphoreSlim _room = new(AtOnce);
    int _asked;

    public Task ContractAsync(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["contract"]!;
        var known = book();
        return known.Contracts.TryGetValue(id, out var contract)
            ? RunAsync(http, known, contract.Customer, [contract])
            : RunAsync(http, new Refusal(StatusCodes.Status404NotFound, "CONTRACT_UNKNOWN", $"There is no contract '{id}': load it with streams contracts load"));
    }

    public Task CustomerAsync(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["customer"]!;
        var known = book();
        return known.ContractsOf(id) is { Count: > 0 } contracts
            ? RunAsync(http, known, id, contracts)
            : RunAsync(http, new Refusal(StatusCodes.Status404NotFound, "NO_CONTRACT", $"Customer '{id}' has no contract of its own: load one with streams contracts load"));
    }

    async Task RunAsync(HttpContext http, Refusal refusal)
    {
        await (access.Check(http.Request.Headers.Authorization) ?? refusal).WriteAsync(http).ConfigureAwait(false);
        Telemetry.Preview(http.Response.StatusCode);
    }

    async Task RunAsync(HttpContext http, ContractBook known, string customer, IReadOnlyList<Contract> contracts)
    {
        var refusal = access.Check(http.Request.Headers.Authorization) ?? await AnswerAsync(http, known, customer, contracts).ConfigureAwait(false);
        if (refusal is not null) await refusal.WriteAsync(http).ConfigureAwait(false);
        Telemetry.Preview(http.Response.StatusCode);
    }

    async Task<Refusal?> AnswerAsync(HttpContext http, ContractBook known, string customer, IReadOnlyList<Contract> contracts)
    {
        if (owners.PartitionOf(customer) is not { } partition) return new(StatusCodes.Status503ServiceUnavailable, "NOT_READY", "The stream has not started yet: ask again");
        List<PreviewResult> results;
        try
        {
            results = await InTurnAsync(() => contracts.Select(c => previews.Of(known, c, partition)).ToList(), http.RequestAborted).ConfigureAwait(false);
        }
        catch (InvalidStateStoreException)
        {
            return await peers.AskAsync(http, customer, partition).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new(StatusCodes.Status503ServiceUnavailable, "TOO_MANY", "Too many previews are asked for at a time: ask again");
        }
        var documents = results.Where(r => r.Document is not null).ToList();
        if (documents.Count == 0) return results.First(r => r.Refusal is not null).Refusal;
        await WriteAsync(http, known, documents).ConfigureAwait(false);
        return null;
    }

    async Task<T> InTurnAsync<T>(Func<T> make, CancellationToken cancel)
    {
        try
        {
            if (Interlocked.Increment(ref _asked) > AtOnce + Waiting || !await _room.WaitAsync(Patience, cancel).ConfigureAwait(false)) throw new TimeoutException();
            try
            {
                return make();
            }
            finally
            {
                _room.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _asked);
        }
    }

    /// <summary>The form of <c>streams rate --output json</c>, with <c>asOf</c> and, for each document, the names and the zone to show it by.</summary>
    static async Task WriteAsync(HttpContext http, ContractBook known, List<PreviewResult> results)
    {
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, Json);
        json.WriteStartObject();
        json.WriteString("asOf", results[0].AsOf.ToString());
        json.WriteStartArray("documents");
        foreach (var document in results.Select(r => r.Document!))
        {
            json.WriteStartObject();
            json.WriteString("sha256", InvoiceDocumentJson.Hash(document));
            json.WritePropertyName("document");
            json.WriteRawValue(InvoiceDocumentJson.Write(document), skipInputValidation: true);
            json.WriteString("customerName", known.Customers.GetValueOrDefault(document.Customer)?.Name);
            json.WriteString("payerName", known.Customers.GetValueOrDefault(document.Payer)?.Name);
            json.WriteString("timeZone", known.Contracts[document.Contract].TimeZone);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("unrated");
        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }
}
