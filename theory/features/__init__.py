"""Features"""
