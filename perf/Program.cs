using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Naf.Perf;

internal static class Program
{
    /// <summary>
    /// `dotnet run -c Release --project perf -- --filter '*Update*'` times a suite (without a filter BenchmarkDotNet
    /// asks which); `-- compare` runs the full comparison on this machine (perf/compare).
    /// </summary>
    private static int Main(string[] args)
    {
        if (args is ["compare", ..]) return Comparison.Run(args[1..]);
        // short and in-process, so that the peers' native libraries are loaded once
        Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(2).WithIterationCount(7)
            .WithIterationTime(Perfolizer.Horology.TimeInterval.FromMilliseconds(250));
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args,
            DefaultConfig.Instance.AddJob(job).AddColumn(StatisticColumn.Median));
        return 0;
    }
}
