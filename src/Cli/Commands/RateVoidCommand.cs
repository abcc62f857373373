using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Streams.Aggregators.Billing;
using Streams.Cli.Replay;
using Streams.Ingest.Publishing;

namespace Streams.Cli.Commands;

/// <summary><c>streams rate void</c>: orders the credit note of a period's documents, or its bill anew.</summary>
static class RateVoidCommand
{
    public static Command Create()
    {
        var inputs = new KafkaInputs();
        var document = new Option<string>("--document") { Description = "Id of the document that closed the period, e.g. acme-2026/0000/period", Required = true };
        var reason = new Option<string>("--reason") { Description = "Why, for the journal", Required = true };
        var by = new Option<string>("--by") { Description = "Who orders it", DefaultValueFactory = _ => Environment.UserName };
        var rebill = new Option<bool>("--rebill") { Description = "Bill a void period again, with the usage and terms as they are now" };
        var command = new Command("void", "Void the documents of a closed period: all that was billed for it is credited by one credit note, linked to the document. With --rebill a void period is billed again.\n\nThe order goes into usage.events as a control event, so that a replay makes the same documents. The credit note is made with the contract's next corrections, at midnight (UTC) of stream time. To order it twice is one order: what is void already stays as it is. billing.journal says what became of it.\n\nExit code 3: the document closes no period; 4: no such document.\n\nEXAMPLES\n  streams rate void --document acme-2026/0000/period --reason \"wrong price book\" --bootstrap-server 127.0.0.1:9092\n  streams rate void --rebill --document acme-2026/0000/period --reason \"price book mended\" --bootstrap-server 127.0.0.1:9092") { document, reason, by, rebill };
        inputs.AddTo(command);
        command.SetAction((parsed, cancel) => KafkaInputs.GuardedAsync(async () =>
        {
            var id = parsed.GetValue(document)!;
            if (VoidOrder.Place(id) is null) throw new CommandException(ExitCodes.RefusedBySafetyCheck, $"--document {id}: only the document that closes a period can be voided, with all that was billed for it: its id ends in /period");
            var kafka = inputs.Of(parsed);
            var recorded = RecordedDocument.Find(kafka.ToClientConfig(), id).Document;
            var action = parsed.GetValue(rebill) ? VoidOrder.BillAgain : VoidOrder.Void;
            using var schemas = kafka.OpenRegistry();
            using var tools = new EntranceTools(kafka, schemas);
            try
            {
                await tools.Flush.OrderAsync($"{action}-{Hash($"{id}|{parsed.GetValue(by)}|{parsed.GetValue(reason)}")}", recorded.Customer, new Dictionary<string, string>
                {
                    [UsageCorrection.Action] = action, [UsageCorrection.Of] = id, [VoidOrder.Who] = parsed.GetValue(by)!, [VoidOrder.Why] = parsed.GetValue(reason)!,
                }, cancel);
            }
            catch (PublishingException e)
            {
                throw new CommandException(ExitCodes.Failed, e.Message);
            }
            Console.WriteLine(action == VoidOrder.Void ? $"ordered: {id} of {recorded.Customer} is void; its credit note comes with the next corrections" : $"ordered: the period of {id} is billed again with the next corrections");
            return ExitCodes.Done;
        }));
        return command;
    }

    static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
