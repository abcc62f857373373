using System.Globalization;
using System.Text;
using Streams.Rating.Contracts;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>
/// Contracts over one price book with sums, a price by event, a maximum, groups, a fee and a yearly tier. "on" customers have all usage before their periods close,
/// "late" ones up to 40 days behind, "up" ones thresholds.
/// </summary>
internal static class BillingBook
{
    public const int OnTime = 8, Late = 5, Thresholds = 5;

    public static readonly string[] Customers =
    [
        .. Enumerable.Range(0, OnTime).Select(i => $"on-{i}"), .. Enumerable.Range(0, Late).Select(i => $"late-{i}"), .. Enumerable.Range(0, Thresholds).Select(i => $"up-{i}"),
    ];

    public static readonly ContractBook Book = ContractFile.Load(Encoding.UTF8.GetBytes($$$$"""
        {
          "customers": [{{{{string.Join(", ", Customers.Select(Customer))}}}}],
          "meters": [
            {"id": "api", "unit": "request", "product": "api"},
            {"id": "voice", "unit": "s", "product": "voice", "keptEvents": 10000},
            {"id": "peak", "unit": "GB", "product": "storage", "aggregation": "max", "keptEvents": 10000},
            {"id": "hours", "unit": "h", "product": "compute", "groupBy": ["region"], "maxGroups": 10}
          ],
          "priceBooks": [{"id": "standard", "currency": "USD", "versions": [{"version": 1, "from": "2019-01-01", "charges": [
            {"kind": "usage", "id": "requests", "product": "api", "meter": "api", "price": {"model": "graduated", "tiers": [{"upTo": "1000", "unit": "0.0125"}, {"upTo": null, "unit": "0.0075"}]}},
            {"kind": "usage", "id": "calls", "product": "voice", "meter": "voice", "price": {"model": "grouped", "by": "event", "each": {"model": "package", "size": "60", "packagePrice": "0.02"}}},
            {"kind": "usage", "id": "peak", "product": "storage", "meter": "peak", "price": {"model": "perUnit", "unitPrice": "0.25"}},
            {"kind": "usage", "id": "instances", "product": "compute", "meter": "hours", "price": {"model": "matrix", "dimensions": ["region"],
              "cells": [{"values": ["eu"], "price": {"model": "perUnit", "unitPrice": "0.19"}}], "otherwise": {"model": "perUnit", "unitPrice": "0.25"}}},
            {"kind": "recurring", "id": "base", "product": "base", "amount": "20"}
          ]}]}],
          "contracts": [{{{{string.Join(", ", Customers.Select(Contract))}}}}]
        }
        """));

    private static string Customer(string id) => $$$"""{"id": "{{{id}}}", "name": "{{{id}}}", "legalEntity": "US01", "erpIds": {"netsuite": "{{{id}}}"}}""";

    private static string Contract(string customer, int number)
    {
        var threshold = customer.StartsWith("up", StringComparison.Ordinal)
            ? $$$""", "threshold": {"recurring": "{{{(10 + number).ToString(CultureInfo.InvariantCulture)}}}", "scope": "{{{(number % 2 == 0 ? "period" : "lifetime")}}}"}"""
            : "";
        var zone = customer.StartsWith("on", StringComparison.Ordinal) ? ", \"timeZone\": \"Europe/Berlin\"" : "";
        var versions = $$$"""[{"version": 1, "from": "2019-01-01", "priceBook": "standard"{{{threshold}}}}]""";
        return $$$"""{"id": "{{{customer}}}-2019", "customer": "{{{customer}}}", "currency": "USD", "lateUsage": "bill", "correctionPeriods": 4{{{zone}}}, "versions": {{{versions}}}}""";
    }
}
