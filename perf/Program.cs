using BenchmarkDotNet.Running;

namespace Naf.Perf;

internal static class Program
{
    /// <summary>`dotnet run -c Release --project perf -- --filter '*Update*'`; without a filter BenchmarkDotNet asks which suite to run.</summary>
    private static void Main(string[] args) => BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
